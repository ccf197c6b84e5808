package cutline_test

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// function is what the tests below want to know of a function in template.yaml. Tags as !Ref are left aside: what they
// name stays as text.
type function struct {
	Type       string `yaml:"Type"`
	Properties struct {
		MemorySize  int `yaml:"MemorySize"`
		Timeout     int `yaml:"Timeout"`
		Environment struct {
			Variables map[string]string `yaml:"Variables"`
		} `yaml:"Environment"`
		Events map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				Queue string `yaml:"Queue"`
			} `yaml:"Properties"`
		} `yaml:"Events"`
		Policies []struct {
			Statement []struct {
				Action   yaml.Node `yaml:"Action"`
				Resource yaml.Node `yaml:"Resource"`
			} `yaml:"Statement"`
		} `yaml:"Policies"`
	} `yaml:"Properties"`
}

// template reads the resources of one type out of template.yaml.
func template[T any](t *testing.T, kind string) map[string]T {
	t.Helper()
	data, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Resources map[string]yaml.Node `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]T{}
	for name, n := range doc.Resources {
		var is struct {
			Type string `yaml:"Type"`
		}
		if err := n.Decode(&is); err != nil {
			t.Fatal(err)
		}
		if is.Type != kind {
			continue
		}
		var v T
		if err := n.Decode(&v); err != nil {
			t.Fatal(err)
		}
		out[name] = v
	}
	if len(out) == 0 {
		t.Fatalf("template.yaml has nothing of type %s", kind)
	}
	return out
}

func texts(n yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, c.Value)
	}
	return out
}

func TestTemplateIsShort(t *testing.T) {
	data, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte("\n")); n >= 250 {
		t.Errorf("template.yaml has %d lines; it stays under 250, so that it can be read", n)
	}
}

// TestNothingWakesItself follows each notification of the bucket through its queue to a function, and wants that function
// not to write what woke it.
func TestNothingWakesItself(t *testing.T) {
	type bucket struct {
		Properties struct {
			NotificationConfiguration struct {
				QueueConfigurations []struct {
					Queue  string `yaml:"Queue"`
					Filter struct {
						S3Key struct {
							Rules []struct {
								Name  string `yaml:"Name"`
								Value string `yaml:"Value"`
							} `yaml:"Rules"`
						} `yaml:"S3Key"`
					} `yaml:"Filter"`
				} `yaml:"QueueConfigurations"`
			} `yaml:"NotificationConfiguration"`
		} `yaml:"Properties"`
	}
	functions := template[function](t, "AWS::Serverless::Function")
	woken := 0
	for _, q := range template[bucket](t, "AWS::S3::Bucket")["Bucket"].Properties.NotificationConfiguration.QueueConfigurations {
		prefix := ""
		for _, r := range q.Filter.S3Key.Rules {
			if r.Name == "prefix" {
				prefix = r.Value
			}
		}
		if prefix == "" {
			t.Errorf("a notification to %s has no prefix", q.Queue)
		}
		for name, f := range functions {
			for _, e := range f.Properties.Events {
				if e.Type != "SQS" || e.Properties.Queue != q.Queue {
					continue
				}
				woken++
				for _, p := range f.Properties.Policies {
					for _, s := range p.Statement {
						if slices.Contains(texts(s.Action), "s3:PutObject") && slices.Contains(texts(s.Resource), "${Bucket.Arn}/"+prefix+"*") {
							t.Errorf("%s is woken by %s and may write it", name, prefix)
						}
					}
				}
			}
		}
	}
	if woken != 3 {
		t.Errorf("%d notifications lead to a function, want those of stories/, manifests/ and decisions/", woken)
	}
}

// TestTemplateNumbersFit holds what depends on each other: a queue hides a message for six of its function's timeouts,
// Go's memory limit leaves room under Lambda's, and what functions log has an end.
func TestTemplateNumbersFit(t *testing.T) {
	type queue struct {
		Properties struct {
			VisibilityTimeout int `yaml:"VisibilityTimeout"`
			RedrivePolicy     struct {
				MaxReceiveCount int `yaml:"maxReceiveCount"`
			} `yaml:"RedrivePolicy"`
		} `yaml:"Properties"`
	}
	queues := template[queue](t, "AWS::SQS::Queue")
	data, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var globals struct {
		Globals struct {
			Function struct {
				MemorySize    int `yaml:"MemorySize"`
				LoggingConfig struct {
					LogGroup string `yaml:"LogGroup"`
				} `yaml:"LoggingConfig"`
				Environment struct {
					Variables map[string]string `yaml:"Variables"`
				} `yaml:"Environment"`
			} `yaml:"Function"`
		} `yaml:"Globals"`
	}
	if err := yaml.Unmarshal(data, &globals); err != nil {
		t.Fatal(err)
	}
	all := globals.Globals.Function
	if all.Environment.Variables["GOGC"] != "off" {
		t.Errorf("GOGC is %q: a cold start would collect garbage where GOMEMLIMIT is far", all.Environment.Variables["GOGC"])
	}
	for name, f := range template[function](t, "AWS::Serverless::Function") {
		memory := cmp.Or(f.Properties.MemorySize, all.MemorySize)
		variable := cmp.Or(f.Properties.Environment.Variables["GOMEMLIMIT"], all.Environment.Variables["GOMEMLIMIT"])
		limit, err := strconv.Atoi(strings.TrimSuffix(variable, "MiB"))
		if err != nil || limit < memory*7/10 || limit > memory*9/10 {
			t.Errorf("%s has %d MB and GOMEMLIMIT=%s: want 70 to 90 %% of it, in MiB", name, memory, variable)
		}
		for _, e := range f.Properties.Events {
			if e.Type != "SQS" {
				continue
			}
			q, ok := queues[strings.TrimSuffix(e.Properties.Queue, ".Arn")]
			if !ok || q.Properties.VisibilityTimeout < 6*f.Properties.Timeout || q.Properties.RedrivePolicy.MaxReceiveCount < 5 {
				t.Errorf("%s, timeout %d s, on %s: %+v", name, f.Properties.Timeout, e.Properties.Queue, q)
			}
		}
	}
	groups := template[struct {
		Properties struct {
			RetentionInDays string `yaml:"RetentionInDays"`
		} `yaml:"Properties"`
	}](t, "AWS::Logs::LogGroup")
	if _, ok := groups[all.LoggingConfig.LogGroup]; !ok {
		t.Errorf("the functions log into %q, which is no group of the template", all.LoggingConfig.LogGroup)
	}
	for name, g := range groups {
		if g.Properties.RetentionInDays == "" {
			t.Errorf("%s keeps lines for ever", name)
		}
	}
}

// TestAlarmsNameWhatIsMeasured wants each metric of ours that an alarm watches to be one that a step writes, and each
// alarm's description to name a chapter of docs/aws.md.
func TestAlarmsNameWhatIsMeasured(t *testing.T) {
	data, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	var code []byte
	for _, pattern := range []string{"internal/render/*.go", "internal/post/*.go", "internal/lambda/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, b...)
		}
	}
	watched := regexp.MustCompile(`Namespace: cutline, MetricName: (\w+)`).FindAllSubmatch(data, -1)
	if len(watched) == 0 {
		t.Error("no alarm watches a metric of ours")
	}
	for _, m := range watched {
		if !regexp.MustCompile(`measure\.\w+\("` + string(m[1]) + `"`).Match(code) {
			t.Errorf("an alarm watches %s, which nothing measures", m[1])
		}
	}
	for name, a := range template[struct {
		Properties struct {
			AlarmDescription string `yaml:"AlarmDescription"`
		} `yaml:"Properties"`
	}](t, "AWS::CloudWatch::Alarm") {
		_, chapter, ok := strings.Cut(a.Properties.AlarmDescription, `docs/aws.md, "`)
		if chapter = strings.TrimSuffix(chapter, `"`); !ok || !bytes.Contains(doc, []byte("**"+chapter+".**")) {
			t.Errorf("%s says %q: docs/aws.md has no such entry", name, a.Properties.AlarmDescription)
		}
	}
}

// TestDeskMayAskItsQueues wants the desk's policy to name what package letters asks of SQS, and what a redrive does in
// the desk's name, and nothing more.
func TestDeskMayAskItsQueues(t *testing.T) {
	code, err := os.ReadFile("internal/letters/letters.go")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"DeleteMessage on RenderDead", "DeleteMessage on PostDead", "SendMessage on RenderQueue", "SendMessage on PostQueue"} // a redrive does these
	for _, m := range regexp.MustCompile(`ask\(ctx, "(\w+)"`).FindAllSubmatch(code, -1) {
		want = append(want, string(m[1])+" on RenderDead", string(m[1])+" on PostDead")
	}
	var have []string
	for _, p := range template[function](t, "AWS::Serverless::Function")["Desk"].Properties.Policies {
		for _, s := range p.Statement {
			for _, action := range texts(s.Action) {
				if name, ok := strings.CutPrefix(action, "sqs:"); ok {
					for _, queue := range texts(s.Resource) {
						have = append(have, name+" on "+strings.TrimSuffix(queue, ".Arn"))
					}
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(slices.Compact(want), have) {
		t.Errorf("the desk may %q, want %q", have, want)
	}
}

// TestQueuesPoliciesAreTaken: SQS takes no policy with a statement on more than one resource, which no linter says.
func TestQueuesPoliciesAreTaken(t *testing.T) {
	for name, p := range template[struct {
		Properties struct {
			PolicyDocument struct {
				Statement []struct {
					Resource yaml.Node `yaml:"Resource"`
				} `yaml:"Statement"`
			} `yaml:"PolicyDocument"`
		} `yaml:"Properties"`
	}](t, "AWS::SQS::QueuePolicy") {
		for _, s := range p.Properties.PolicyDocument.Statement {
			if s.Resource.Kind != yaml.ScalarNode {
				t.Errorf("%s has a statement on %d resources", name, len(s.Resource.Content))
			}
		}
	}
}
