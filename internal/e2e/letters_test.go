package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"cutline/internal/letters"
	"cutline/internal/story"
)

// deadLetter has a notification of a story fail until it is a dead letter of RenderQueue, and opens the box of the
// cloud's dead letters as the desk does.
func deadLetter(t *testing.T, c *cloud) (*letters.Box, story.Key) {
	t.Helper()
	k := story.Key("2026-11-26/" + strings.Repeat("d", 26))
	body := fmt.Sprintf(`{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"object": {"key": "stories/%s.json"}}}]}`, strings.ReplaceAll(string(k), "/", "%2F"))
	if _, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(c.queues["RenderQueue"]), MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
	for received, moved := 0, false; !moved; { // the sixth time it is moved in place of being received
		out, err := c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(c.queues["RenderQueue"]), MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		if err != nil {
			t.Fatal(err)
		}
		received += len(out.Messages)
		moved = received >= 5 && len(out.Messages) == 0
		for _, m := range out.Messages { // the SDK takes a visibility timeout of zero for none given
			if _, err := c.sqs.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: aws.String(c.queues["RenderQueue"]), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0}); err != nil {
				t.Fatal(err)
			}
		}
	}
	queues, err := letters.Queues(fmt.Sprintf("render=%s post=%s", c.queues["RenderDead"], c.queues["PostDead"]))
	if err != nil {
		t.Fatal(err)
	}
	return letters.New(queues, func(context.Context, string) (aws.Config, error) {
		cfg := account(c.region)
		cfg.BaseEndpoint = &c.post
		return cfg, nil
	}, time.Now), k
}

// TestDeadLettersOfElasticMQ looks into the dead letters of a server that speaks SQS's protocol, and sends them back.
func TestDeadLettersOfElasticMQ(t *testing.T) {
	c := gatewayCloud(t)
	box, k := deadLetter(t, c)
	look := func() letters.State {
		for _, s := range box.Look(t.Context()) {
			if s.Trouble != nil {
				t.Fatal(s.Trouble)
			}
			if s.Queue == "render" {
				return s
			}
		}
		t.Fatal("render's dead letters are not among those of the box")
		return letters.State{}
	}
	for range 2 { // looking leaves them where they are
		if s := look(); s.Count != 1 || len(s.Letters) != 1 || !slices.Equal(s.Letters[0].Stories, []story.Key{k}) || s.Move.Running {
			t.Fatalf("%+v", s)
		}
	}
	if err := box.SendBack(t.Context(), "render"); err != nil {
		t.Fatal(err)
	}
	out, err := c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(c.queues["RenderQueue"]), WaitTimeSeconds: 20})
	if err != nil || len(out.Messages) != 1 || !strings.Contains(aws.ToString(out.Messages[0].Body), k.ID()) {
		t.Fatalf("what was sent back did not come: %+v, %v", out, err)
	}
	if s := look(); s.Count != 0 || s.Move.Failed != "" || s.Move.Moved != 1 {
		t.Errorf("%+v", s)
	}
}
