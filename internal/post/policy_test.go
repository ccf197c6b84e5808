package post

import (
	"fmt"
	"os"
	"testing"

	"cutline/internal/bucket/buckettest"
)

// policy is what template.yaml lets the function do. The tests' buckets are behind it, and TestMain holds the two to
// each other.
var policy *buckettest.Policy

func TestMain(m *testing.M) {
	var err error
	if policy, err = buckettest.PolicyOf("Post"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(policy.Main(m))
}
