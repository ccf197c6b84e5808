// Package measure puts numbers into log lines so that CloudWatch makes metrics of them.
//
// A step says log.Info("swept", measure.Seconds("Undrawn", age)), and knows nothing of where that goes: on a terminal it
// is one more field. Behind [Handler] the same line has what CloudWatch's Embedded Metric Format wants, and is a line and
// a metric in one; there is no call to be made and nothing to be lost when a function is frozen. It leaves to others what
// is worth an alarm: the template.
package measure

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// number is a measured value: in a log line it reads as a plain number.
type number struct {
	value float64
	unit  string // CloudWatch's name of it
}

func (n number) MarshalJSON() ([]byte, error) { return json.Marshal(n.value) }
func (n number) String() string {
	b, err := n.MarshalJSON()
	if err != nil {
		return err.Error() // not a number, or without end
	}
	return string(b)
}

// Count is a field of a log line that counts something; name is the metric's, as "ChannelsPaused".
func Count(name string, n int) slog.Attr { return slog.Any(name, number{float64(n), "Count"}) }

// Seconds is a field of a log line that says how long something was.
func Seconds(name string, d time.Duration) slog.Attr {
	return slog.Any(name, number{d.Seconds(), "Seconds"})
}

// Handler writes log lines by next, which is to write JSON, and adds to those with measured fields what makes them
// metrics of a namespace (Embedded Metric Format, specification 0.1.0). dimensions are names and values in pairs, and
// belong to every metric: each set of values is a metric of its own, and is paid for.
func Handler(next slog.Handler, namespace string, dimensions ...string) slog.Handler {
	h := &handler{Handler: next, namespace: namespace}
	for i := 0; i+1 < len(dimensions); i += 2 {
		h.names = append(h.names, dimensions[i])
		h.values = append(h.values, slog.String(dimensions[i], dimensions[i+1]))
	}
	return h
}

type handler struct {
	slog.Handler
	namespace string
	names     []string // of the dimensions
	values    []slog.Attr
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	type metric struct{ Name, Unit string }
	var metrics []metric
	r.Attrs(func(a slog.Attr) bool {
		if n, ok := a.Value.Any().(number); ok {
			metrics = append(metrics, metric{a.Key, n.unit})
		}
		return true
	})
	if len(metrics) > 0 {
		r = r.Clone()
		r.AddAttrs(h.values...)
		r.AddAttrs(slog.Group("_aws", "Timestamp", r.Time.UnixMilli(), "CloudWatchMetrics",
			[]map[string]any{{"Namespace": h.namespace, "Dimensions": [][]string{h.names}, "Metrics": metrics}}))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup keep the handler; measured fields are looked for in the line itself, since metrics stand at
// the top of a line.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.Handler = h.Handler.WithAttrs(attrs)
	return &c
}

func (h *handler) WithGroup(name string) slog.Handler { return h.Handler.WithGroup(name) }
