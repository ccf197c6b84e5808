package buckettest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
)

const small = `
Resources:
  Step:
    Properties:
      Policies:
        - Statement:
            - {Effect: Allow, Action: s3:ListBucket, Resource: !Sub "arn:aws:s3:::name"}
            - {Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: [!Sub "${Bucket.Arn}/stories/*"]}
            - {Effect: Allow, Action: s3:PutObject, Resource: !Sub "${Bucket.Arn}/refused/*"}
            - {Effect: Allow, Action: s3:GetObject, Resource: !Sub "${Bucket.Arn}/config/*"}
            - {Effect: Allow, Action: ssm:GetParameter, Resource: "*"}
`

func TestPolicy(t *testing.T) {
	p, err := ParsePolicy([]byte(small), "Step")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := bucket.OpenDir(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := p.Guard(dir), t.Context()
	tag, err := b.Put(ctx, "stories/1.json", []byte("1"), "", bucket.Create)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(ctx, "stories/1.json", []byte("2"), "", bucket.IfMatch(tag)); err != nil {
		t.Error(err)
	}
	if _, err := b.Get(ctx, "stories/none.json"); err != bucket.ErrNotFound { // the right to list is used by it too
		t.Error(err)
	}
	if got := p.Unused(); !slices.Equal(got, []Right{{"s3:PutObject", "refused/"}}) || len(p.Denied()) > 0 {
		t.Errorf("unused %v, denied %v", got, p.Denied())
	}
	for name, err := range map[string]error{
		"s3:DeleteObject stories/1.json":   b.Delete(ctx, "stories/1.json", bucket.Always),
		"s3:GetObject refused/1":           second(b.Put(ctx, "refused/1", nil, "", bucket.IfMatch(tag))),
		"s3:PutObject manifests/1":         second(b.Put(ctx, "manifests/1", nil, "", bucket.Create)),
		"s3:GetObject stories-of-others/1": second(b.Get(ctx, "stories-of-others/1")),
	} {
		if err == nil || !slices.Contains(p.Denied(), name) {
			t.Errorf("%s: %v, denied %v", name, err, p.Denied())
		}
	}
	if o, err := dir.Get(ctx, "stories/1.json"); err != nil || string(o.Body) != "2" {
		t.Errorf("what was denied was done: %s %v", o.Body, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestPolicyThatSaysTooMuch(t *testing.T) {
	for was, is := range map[string]string{
		"Effect: Allow, Action: s3:PutObject":         "Effect: Deny, Action: s3:PutObject",
		"Action: s3:PutObject":                        `Action: "s3:*"`,
		"${Bucket.Arn}/refused/*":                     "${Bucket.Arn}/*",
		"${Bucket.Arn}/config/*":                      "${Bucket.Arn}/config/cutline.yaml",
		"Step:":                                       "Stop:",
		`Resource: [!Sub "${Bucket.Arn}/stories/*"]}`: `Resource: [!Sub "${Bucket.Arn}/*/stories/*"]}`,
	} {
		if _, err := ParsePolicy([]byte(strings.Replace(small, was, is, 1)), "Step"); err == nil {
			t.Errorf("%s: no error", is)
		}
	}
}
