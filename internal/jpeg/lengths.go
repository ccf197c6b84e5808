package jpeg

import "slices"

// codeTable is a Huffman table that is written: what DHT holds, and what the coder needs.
type codeTable struct {
	counts  [16]uint8 // codes by length, 1 to 16 bits
	symbols []uint8   // in the order of their codes
}

// bestCodes makes the table that codes symbols of the given frequencies in the fewest bits, none longer than
// 16 (T.81 K.2). No code is all ones. Symbols that do not occur get none; if none does, 0 gets one, because
// DHT wants a table.
func bestCodes(freq []uint32) codeTable {
	type node struct {
		weight uint64
		parent int
	}
	var used []uint8
	for s, n := range freq[:256] {
		if n > 0 {
			used = append(used, uint8(s))
		}
	}
	if len(used) == 0 {
		used = append(used, 0)
	}
	slices.SortStableFunc(used, func(a, b uint8) int { return int(int64(freq[b]) - int64(freq[a])) })
	// Leaves from the rarest, the first of which is a symbol that never occurs and takes the code of all ones.
	// Two queues, leaves and inner nodes, are both in order of weight (van Leeuwen, 1976).
	leaves := len(used) + 1
	nodes := make([]node, 1, 2*leaves)
	for i := range used {
		nodes = append(nodes, node{weight: uint64(freq[used[len(used)-1-i]])})
	}
	leaf, inner := 0, leaves
	rarest := func() int {
		if leaf < leaves && (inner == len(nodes) || nodes[leaf].weight <= nodes[inner].weight) {
			leaf++
			return leaf - 1
		}
		inner++
		return inner - 1
	}
	for len(nodes) < 2*leaves-1 {
		a := rarest()
		b := rarest()
		nodes[a].parent, nodes[b].parent = len(nodes), len(nodes)
		nodes = append(nodes, node{weight: nodes[a].weight + nodes[b].weight})
	}
	var depths [257]int // how many leaves lie so deep
	depth := make([]int, len(nodes))
	for i := len(nodes) - 2; i >= 0; i-- {
		depth[i] = depth[nodes[i].parent] + 1
		if i < leaves {
			depths[depth[i]]++
		}
	}
	// Two leaves that lie too deep are siblings: one takes their parent's place, the other makes a pair of a leaf
	// further up (T.81 figure K.3).
	for d := 256; d > 16; d-- {
		for depths[d] > 0 {
			up := d - 2
			for depths[up] == 0 {
				up--
			}
			depths[d] -= 2
			depths[d-1]++
			depths[up+1] += 2
			depths[up]--
		}
	}
	last := 16
	for depths[last] == 0 {
		last--
	}
	depths[last]-- // all ones
	t := codeTable{symbols: used}
	for l := range t.counts {
		t.counts[l] = uint8(depths[l+1])
	}
	return t
}

// code is how a symbol is written: bits 0–4 how many bits, with those that follow; from 5 the code, moved up by
// as many as follow.
type code = uint32

// codes fills in the code of each symbol of the table.
func (t *codeTable) codes(out []code) {
	next, k := uint32(0), 0
	for l, n := range t.counts {
		for range n {
			s := t.symbols[k]
			follow := uint32(s & 15)
			out[s] = next<<follow<<5 | (uint32(l) + 1 + follow)
			next++
			k++
		}
		next <<= 1
	}
}
