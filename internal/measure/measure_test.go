package measure

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLineIsAMetric(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(Handler(slog.NewJSONHandler(&out, nil), "cutline", "Stack", "news", "Function", "post")).With("request", "r1")
	log.Info("swept", Count("ChannelsPaused", 2), Seconds("Overdue", 90*time.Second), "story", "s")
	var line struct {
		Time           time.Time
		Msg            string
		ChannelsPaused float64
		Overdue        float64
		Stack          string
		Function       string
		Request        string
		AWS            struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if line.Msg != "swept" || line.ChannelsPaused != 2 || line.Overdue != 90 || line.Stack != "news" || line.Function != "post" || line.Request != "r1" {
		t.Errorf("%+v", line)
	}
	if line.AWS.Timestamp != line.Time.UnixMilli() || len(line.AWS.CloudWatchMetrics) != 1 {
		t.Fatalf("%+v", line.AWS)
	}
	// The specification: every dimension and every metric stands at the top of the line under its name.
	got, err := json.Marshal(line.AWS.CloudWatchMetrics[0])
	if want := `{"Namespace":"cutline","Dimensions":[["Stack","Function"]],"Metrics":[{"Name":"ChannelsPaused","Unit":"Count"},{"Name":"Overdue","Unit":"Seconds"}]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestOtherLinesStayAsTheyAre(t *testing.T) {
	var with, without bytes.Buffer
	at := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	plain := slog.NewJSONHandler(&without, &slog.HandlerOptions{ReplaceAttr: at})
	slog.New(Handler(slog.NewJSONHandler(&with, &slog.HandlerOptions{ReplaceAttr: at}), "cutline", "Stack", "news")).Warn("webhook refused", "status", 401)
	slog.New(plain).Warn("webhook refused", "status", 401)
	if with.String() != without.String() {
		t.Errorf("%s, want %s", &with, &without)
	}
}

func TestOnATerminalItIsANumber(t *testing.T) {
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("swept", Seconds("Overdue", 1500*time.Millisecond))
	if !strings.Contains(out.String(), "Overdue=1.5") {
		t.Errorf("%s", &out)
	}
}
