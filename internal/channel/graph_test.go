package channel

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestMetaErrorsByTheirCodes(t *testing.T) {
	for _, c := range []struct {
		status, code, sub   int
		transient           bool
		onPublish, onUpload string // end, with + for a pause and ~ for a rest of the account
	}{
		{400, 190, 463, false, "refused+", "refused+"},
		{401, 190, 0, false, "refused+", "refused+"},
		{400, 102, 0, false, "refused+", "refused+"},
		{403, 10, 0, false, "refused+", "refused+"},
		{403, 200, 0, false, "refused+", "refused+"},
		{403, 299, 0, false, "refused+", "refused+"},
		{400, 300, 0, false, "refused", "refused"},
		{400, 100, 0, false, "refused", "refused"},
		{400, 368, 0, false, "refused+", "refused+"},
		{403, 4, 0, true, "later~", "later~"},
		{400, 17, 2446079, false, "later~", "later~"},
		{400, 32, 0, false, "later~", "later~"},
		{400, 341, 0, false, "later~", "later~"},
		{400, 613, 0, false, "later~", "later~"},
		{400, 80001, 0, false, "later~", "later~"},
		{429, 80002, 0, false, "later~", "later~"},
		{400, 1609005, 0, false, "later", "later"},
		{400, 100, 1609005, false, "later", "later"},
		{400, 506, 0, false, "unknown", "unknown"},
		{500, 1, 0, false, "unknown", "later~"},
		{500, 2, 0, true, "unknown", "later~"},
		{400, -1, 0, true, "unknown", "later~"},
		{503, 9999, 0, false, "unknown", "later"},
		{400, 9999, 0, false, "refused", "refused"},
		{400, -1, 2207001, false, "unknown", "later"},
		{400, -2, 2207003, false, "later", "later"},
		{400, 36000, 2207004, false, "refused", "refused"},
		{400, 36001, 2207005, false, "refused", "refused"},
		{400, 24, 2207006, false, "later", "later"},
		{400, -1, 2207008, false, "unknown", "later"},
		{400, 36003, 2207009, false, "refused", "refused"},
		{400, 36004, 2207010, false, "refused", "refused"},
		{400, -2, 2207020, false, "later", "later"},
		{400, 9007, 2207027, false, "later", "later"},
		{403, 9, 2207042, false, "later~", "later~"},
		{403, 25, 2207050, false, "refused+", "refused+"},
		{400, 4, 2207051, false, "refused+", "refused+"},
		{400, 9004, 2207052, false, "later", "later"},
	} {
		body := fmt.Appendf(nil, `{"error":{"message":"m","code":%d,"error_subcode":%d,"is_transient":%v}}`, c.code, c.sub, c.transient)
		g := &graph{p: Parts{Now: func() time.Time { return noon }}}
		for publishing, want := range map[bool]string{true: c.onPublish, false: c.onUpload} {
			o := g.failed(answer{Status: c.status, Header: http.Header{}, Body: body, Left: true}, publishing)
			got := o.End.String() + map[bool]string{true: "+"}[o.Pause] + map[bool]string{true: "~"}[o.Rest]
			if got != want {
				t.Errorf("%d, code %d, subcode %d, publishing %v: %s, want %s", c.status, c.code, c.sub, publishing, got, want)
			}
		}
	}
}
