//go:build ignore

// Make turns a trained LBP cascade of OpenCV's form (XML) into the compact form that package photo embeds:
//
//	go run make.go lbpcascade_frontalface.xml frontal.bin
//
// All numbers are little-endian. The file is: window width and height (a byte each), number of stages (a byte); for
// each stage its number of trees (a byte) and its threshold (int32, × 2^16); for each tree its feature (x, y, width
// and height of one of the nine blocks, a byte each), the set of codes that lead left (256 bits, as eight uint32) and
// its left and right value (int32, × 2^16).
package main

import (
	"encoding/binary"
	"encoding/xml"
	"log"
	"math"
	"os"
	"strconv"
	"strings"
)

type cascade struct {
	Cascade struct {
		Width  int `xml:"width"`
		Height int `xml:"height"`
		Stages []struct {
			Threshold string `xml:"stageThreshold"`
			Trees     []struct {
				Nodes  string `xml:"internalNodes"`
				Leaves string `xml:"leafValues"`
			} `xml:"weakClassifiers>_"`
		} `xml:"stages>_"`
		Features []struct {
			Rect string `xml:"rect"`
		} `xml:"features>_"`
	} `xml:"cascade"`
}

func main() {
	b, err := os.ReadFile(os.Args[1])
	check(err)
	var c cascade
	check(xml.Unmarshal(b, &c))
	out := []byte{byte(c.Cascade.Width), byte(c.Cascade.Height), byte(len(c.Cascade.Stages))}
	for _, s := range c.Cascade.Stages {
		out = append(out, byte(len(s.Trees)))
		// The trainer's own margin: sums were compared with thresholds in single precision.
		out = binary.LittleEndian.AppendUint32(out, fixed(s.Threshold, -1e-5))
		for _, t := range s.Trees {
			nodes, leaves := strings.Fields(t.Nodes), strings.Fields(t.Leaves)
			if len(nodes) != 11 || len(leaves) != 2 {
				log.Fatalf("a tree of %d numbers and %d leaves: only stumps on LBP codes are known", len(nodes), len(leaves))
			}
			feature, err := strconv.Atoi(nodes[2])
			check(err)
			for _, v := range strings.Fields(c.Cascade.Features[feature].Rect) {
				n, err := strconv.Atoi(v)
				check(err)
				out = append(out, byte(n))
			}
			for _, v := range nodes[3:] {
				n, err := strconv.ParseInt(v, 10, 64)
				check(err)
				out = binary.LittleEndian.AppendUint32(out, uint32(n))
			}
			for _, v := range leaves {
				out = binary.LittleEndian.AppendUint32(out, fixed(v, 0))
			}
		}
	}
	check(os.WriteFile(os.Args[2], out, 0o644))
}

func fixed(s string, add float64) uint32 {
	f, err := strconv.ParseFloat(s, 64)
	check(err)
	return uint32(int32(math.Round((f + add) * 65536)))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
