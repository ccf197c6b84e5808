package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

// cloud is what stands in for AWS around the functions: an S3 with a bucket whose changes end up in queues of an SQS.
type cloud struct {
	s3     string // endpoint
	name   string // of the bucket
	region string
	bucket bucket.Bucket // past all proxies, for the test itself
	sqs    *sqs.Client
	post   string            // endpoint of the SQS
	queues map[string]string // URL by the name in the template: RenderQueue, RenderDead, PostQueue, PostDead
	env    []string          // credentials and addresses for a function
}

// account is the credentials that all stand-ins take.
func account(region string) aws.Config {
	return aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("test", "testsecret", "")}
}

// daemon starts a program that is stopped, with all that it started, when the test does; log is what it printed last.
func daemon(t *testing.T, cmd *exec.Cmd) (log *tail, ended chan struct{}) {
	t.Helper()
	log, ended = new(tail), make(chan struct{})
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended by itself
		<-ended
		if t.Failed() {
			t.Logf("log of %s:\n%s", cmd.Path, log)
		}
	})
	return log, ended
}

// background starts a server as daemon does, and waits until it answers at address.
func background(t *testing.T, address string, cmd *exec.Cmd) {
	t.Helper()
	log, ended := daemon(t, cmd)
	for deadline := time.Now().Add(patience); ; {
		res, err := http.Get("http://" + address)
		if err == nil {
			res.Body.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended:\n%s", cmd.Path, log)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v\n%s", cmd.Path, err, log)
		}
	}
}

// stack is what testdata/stack.py says of the template as moto's CloudFormation made it.
type stack struct {
	Status     string
	Bucket     string
	Types      map[string]string            // by logical name
	Left       []string                     // what moto's CloudFormation does not know
	Queues     map[string]string            // URL by logical name
	Attributes map[string]map[string]string // by logical name
	Functions  map[string]struct {
		Runtime, Handler    string
		MemorySize, Timeout int
		Environment         map[string]string
	}
	Triggers []struct {
		Function, Queue       string
		BatchSize             int
		FunctionResponseTypes []string
	}
	Notifications []struct {
		QueueArn string
		Filter   struct {
			Key struct {
				FilterRules []struct{ Name, Value string }
			}
		}
	}
	Versioning string
	Lifecycle  []string
	Groups     map[string]int // days that logs are kept, by log group
}

// deploy starts moto's server and deploys a built template into it.
func deploy(t *testing.T, built string) (*stack, *cloud) {
	t.Helper()
	tools := cached(t, "tools", "aws/bin/moto_server")
	address := freePort(t)
	host, port, _ := strings.Cut(address, ":")
	background(t, address, exec.Command(filepath.Join(tools, "aws/bin/moto_server"), "-H", host, "-p", port))
	cmd := exec.Command(filepath.Join(tools, "aws/bin/python"), "testdata/stack.py", filepath.Join(built, "template.yaml"), "http://"+address)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("deploying: %v\n%s", err, said.Bytes())
	}
	s := new(stack)
	if err := json.Unmarshal(out, s); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const region = "eu-central-1"
	endpoint := "http://" + address
	return s, &cloud{
		s3: endpoint, name: s.Bucket, region: region, bucket: bucket.NewS3(account(region), s.Bucket, endpoint), queues: s.Queues, post: endpoint,
		sqs: sqs.NewFromConfig(account(region), func(o *sqs.Options) { o.BaseEndpoint = &endpoint }),
		env: []string{"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=testsecret", "AWS_REGION=" + region, "AWS_ENDPOINT_URL_SSM=" + endpoint},
	}
}

// TestTemplateDeployed deploys the built template into moto's CloudFormation and looks at what came of it.
func TestTemplateDeployed(t *testing.T) {
	s, c := deploy(t, samBuild(t, "arm64"))
	if s.Status != "CREATE_COMPLETE" {
		t.Fatalf("the stack is %s", s.Status)
	}
	// All but the kinds that moto does not know is there.
	for _, name := range s.Left {
		kind := s.Types[name]
		if !slices.ContainsFunc(motoLacks, func(p string) bool { return strings.HasPrefix(kind, p) }) {
			t.Errorf("%s, a %s, was not made", name, kind)
		}
	}
	for name, f := range s.Functions {
		if f.Runtime != "provided.al2023" || f.Handler != "bootstrap" || f.Environment["CUTLINE_BUCKET"] != s.Bucket || f.MemorySize < 256 || f.Timeout < 10 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for group, days := range s.Groups {
		if days == 0 {
			t.Errorf("%s keeps lines for ever", group)
		}
	}
	if len(s.Groups) == 0 {
		t.Error("there is no group of log lines")
	}
	if len(s.Functions) != len(functions) {
		t.Errorf("%d functions, want %d", len(s.Functions), len(functions))
	}
	for _, tr := range s.Triggers {
		timeout := fmt.Sprint(6 * s.Functions[tr.Function].Timeout)
		if s.Attributes[tr.Queue]["VisibilityTimeout"] != timeout || !slices.Equal(tr.FunctionResponseTypes, []string{"ReportBatchItemFailures"}) {
			t.Errorf("%+v from a queue that hides a message for %s s, want %s", tr, s.Attributes[tr.Queue]["VisibilityTimeout"], timeout)
		}
		if dead := s.Attributes[strings.TrimSuffix(tr.Queue, "Queue")+"Dead"]["QueueArn"]; dead == "" || !strings.Contains(s.Attributes[tr.Queue]["RedrivePolicy"], dead) {
			t.Errorf("%s has no dead letters: %s", tr.Queue, s.Attributes[tr.Queue]["RedrivePolicy"])
		}
	}
	if len(s.Triggers) != 2 {
		t.Errorf("%d queues have a function, want 2", len(s.Triggers))
	}
	if s.Versioning != "Enabled" || !slices.Contains(s.Lifecycle, "refused-deliveries") {
		t.Errorf("versioning %s, lifecycle %v", s.Versioning, s.Lifecycle)
	}
	// What is written under a prefix comes out of the right queue.
	for key, want := range map[string]string{"stories/2026-11-26/a.json": "RenderQueue", "manifests/2026-11-26/a.json": "PostQueue", "decisions/2026-11-26/a.json": "PostQueue", "cards/2026-11-26/a.json": "", "stories/2026-11-26/a.txt": ""} {
		if _, err := c.bucket.Put(t.Context(), key, []byte("{}"), "application/json", bucket.Always); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, queue := range []string{"RenderQueue", "PostQueue"} {
			out, err := c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(c.queues[queue]), MaxNumberOfMessages: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range out.Messages {
				if strings.Contains(strings.ReplaceAll(aws.ToString(m.Body), "%2F", "/"), key) {
					got += queue
				}
			}
		}
		if got != want {
			t.Errorf("a change of %s came out of %q, want %q", key, got, want)
		}
	}
	if want := strings.ReplaceAll(fmt.Sprintf("render=%s post=%s", s.Queues["RenderDead"], s.Queues["PostDead"]), c.post, "https://sqs."+c.region+".amazonaws.com"); s.Functions["Desk"].Environment["CUTLINE_DEAD"] != want {
		t.Errorf("the desk knows the queues %q, want %q", s.Functions["Desk"].Environment["CUTLINE_DEAD"], want)
	}
	box, k := deadLetter(t, c)
	for _, state := range box.Look(t.Context()) {
		// moto has no redrive, and that is all that may be missing.
		if state.Trouble == nil || !strings.Contains(state.Trouble.Error(), "sqs:ListMessageMoveTasks") || strings.Contains(state.Trouble.Error(), "ReceiveMessage") {
			t.Errorf("%s: %v", state.Queue, state.Trouble)
		}
		if want := state.Queue == "render"; (state.Count == 1) != want || want && (len(state.Letters) != 1 || !slices.Equal(state.Letters[0].Stories, []story.Key{k}) || time.Since(state.Letters[0].Sent).Abs() > time.Hour) {
			t.Errorf("%+v", state)
		}
	}
}

// motoLacks is the kinds of resources that moto's CloudFormation does not make, that testdata/stack.py keeps from it, or
// that stand under a condition.
var motoLacks = []string{"AWS::ApiGatewayV2::", "AWS::CloudFront::", "AWS::Scheduler::", "AWS::Lambda::EventSourceMapping", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy",
	"AWS::CodeDeploy::", "AWS::IAM::Policy", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CloudWatch::",
	"AWS::Budgets::", "AWS::Cognito::", "AWS::SNS::Subscription"}

// gatewayCloud is versitygw as S3 and ElasticMQ as SQS. What moto does by itself, the test does for them: it takes
// versitygw's notifications, which are S3's, and sends them to the queues by the prefixes that the template has.
func gatewayCloud(t *testing.T) *cloud {
	t.Helper()
	jars := filepath.Join(cached(t, "tools", "elasticmq/pom.xml"), "elasticmq")
	address := freePort(t)
	host, port, _ := strings.Cut(address, ":")
	conf := filepath.Join(t.TempDir(), "elasticmq.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, `
include classpath("application.conf")
node-address {protocol = http, host = %q, port = %s, context-path = ""}
rest-sqs {enabled = true, bind-hostname = %q, bind-port = %s, sqs-limits = strict}
rest-stats {enabled = false}
`, host, port, host, port), 0o644); err != nil {
		t.Fatal(err)
	}
	background(t, address, exec.Command("java", "-Xmx256m", "-Dconfig.file="+conf, "-cp", jars+"/*", "org.elasticmq.server.Main"))

	c := &cloud{region: "us-east-1", queues: map[string]string{}}
	endpoint := "http://" + address
	c.post = endpoint
	c.sqs = sqs.NewFromConfig(account(c.region), func(o *sqs.Options) { o.BaseEndpoint = &endpoint })
	for _, name := range []string{"RenderDead", "RenderQueue", "PostDead", "PostQueue"} {
		in := &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{}}
		if base, ok := strings.CutSuffix(name, "Queue"); ok {
			in.Attributes["VisibilityTimeout"] = "30"
			in.Attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn": "arn:aws:sqs:elasticmq:000000000000:%sDead", "maxReceiveCount": "5"}`, base)
		}
		out, err := c.sqs.CreateQueue(t.Context(), in)
		if err != nil {
			t.Fatalf("making queue %s: %v", name, err)
		}
		c.queues[name] = aws.ToString(out.QueueUrl)
	}
	to := map[string]string{"stories/": "RenderQueue", "manifests/": "PostQueue", "decisions/": "PostQueue"}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var n struct {
			Records []struct {
				S3 struct{ Object struct{ Key string } }
			}
		}
		if err != nil || json.Unmarshal(body, &n) != nil {
			http.Error(w, "not a notification", http.StatusBadRequest)
			return
		}
		for _, r := range n.Records {
			prefix, _, _ := strings.Cut(r.S3.Object.Key, "/")
			if queue := to[prefix+"/"]; queue != "" {
				if _, err := c.sqs.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: aws.String(c.queues[queue]), MessageBody: aws.String(string(body))}); err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
				}
			}
		}
	}))
	t.Cleanup(hook.Close)
	gate := buckettest.Gateway(t, "--event-webhook-url", hook.URL)
	c.s3, c.name, c.bucket, c.env = gate.Endpoint, gate.Name, gate.Bucket(), gate.Env
	return c
}
