package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cutline/internal/bucket/buckettest"
)

// TestRights holds the table of rights in docs/aws.md to the policies of the template.
func TestRights(t *testing.T) {
	type row = map[string]string // letters by function
	rows := map[string]row{}
	letters := map[string]string{"s3:GetObject": "R", "s3:PutObject": "W", "s3:DeleteObject": "D"}
	for _, name := range functions {
		p, err := buckettest.PolicyOf(strings.ToUpper(name[:1]) + name[1:])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Rights() {
			if r.Prefix == "" && r.Action == "s3:ListBucket" {
				continue
			}
			if letters[r.Action] == "" {
				t.Errorf("%s may %s on %s*: the bucket's interface has no such call", name, r.Action, r.Prefix)
			}
			if rows[r.Prefix] == nil {
				rows[r.Prefix] = row{}
			}
			rows[r.Prefix][name] += letters[r.Action]
		}
	}
	table := "| prefix | " + strings.Join(functions, " | ") + " |\n|---|" + strings.Repeat("---|", len(functions)) + "\n"
	for _, prefix := range slices.Sorted(maps.Keys(rows)) {
		table += fmt.Sprintf("| `%s` |", prefix)
		for _, name := range functions {
			cell := ""
			for _, l := range []string{"R", "W", "D"} {
				if strings.Contains(rows[prefix][name], l) {
					cell += " " + map[string]string{"R": "reads", "W": "writes", "D": "deletes"}[l]
				}
			}
			table += cell + " |"
		}
		table += "\n"
	}
	holds(t, "rights", table, 0)
}
