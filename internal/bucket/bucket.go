// Package bucket keeps objects by key, with compare-and-swap: on Amazon S3 or a server that speaks as it ([S3]), and in
// a folder ([Dir]). What is in the objects is package story's business; this one promises that a write is durable when
// it returns, that a reader sees the old object or the new one and never a part, and that of several who change one
// object under a condition exactly one wins. Package buckettest holds the suite that both kinds pass.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Bucket holds objects. Every method may be called from several goroutines, and several processes may use one bucket.
//
// Keys are 1 to 1024 bytes of UTF-8 without control characters; "/" parts them for the reader's eye only. Anything
// else is an error of its own.
type Bucket interface {
	// Get reads one object whole. ErrNotFound if there is none.
	Get(ctx context.Context, key string) (Object, error)

	// Put writes one object whole if c holds, and returns its new ETag; it is durable when Put returns. ErrChanged if
	// c did not hold. After any other error the object may be the old one or the new one, never a mixture: the write
	// may have been kept and only the answer lost.
	Put(ctx context.Context, key string, body []byte, contentType string, c Cond) (etag string, err error)

	// Delete removes one object if c holds, for good when it returns. That there is none is no error. ErrChanged if
	// there is another one than c's. Create makes no sense here and is refused.
	Delete(ctx context.Context, key string, c Cond) error

	// List names the objects whose keys begin with prefix and come after the key after (empty: from the first), in
	// the order of the keys' bytes, at most max (0: all). It sees every write that returned before it was called.
	List(ctx context.Context, prefix, after string, max int) ([]Entry, error)
}

// Object is what Get returns.
type Object struct {
	Key      string
	Body     []byte
	ETag     string    // names this version; opaque: only to be compared and given to IfMatch
	Type     string    // content type, as "application/json"
	Modified time.Time // when it was written, by the bucket's clock; S3 says whole seconds, rounded down
	Now      time.Time // the bucket's clock when it answered; S3 says whole seconds; zero if the server did not say
}

// Entry is one object in a List.
type Entry struct {
	Key      string
	ETag     string    // as in Object
	Size     int64     // bytes
	Modified time.Time // as in Object
}

// Cond is the condition of a Put or Delete: Always, Create or IfMatch.
type Cond struct {
	create bool
	match  bool // etag is what it must be
	etag   string
}

var (
	Always = Cond{}             // whatever is there
	Create = Cond{create: true} // only if there is no such object
)

// IfMatch holds only if the object is there and its ETag is this one. An empty ETag never matches.
func IfMatch(etag string) Cond {
	return Cond{etag: etag, match: true}
}

// never is a condition that cannot hold. It is answered without asking: servers take an empty If-Match for none.
func (c Cond) never() bool { return c.match && strings.Trim(c.etag, `"`) == "" }

var (
	ErrNotFound = errors.New("no such object")                    // Get: there is none
	ErrChanged  = errors.New("the object is not as it was known") // Put, Delete: the condition did not hold; nothing was done
)

// checkWrite is checkKey for a Put or Delete, with its condition.
func checkWrite(key string, c Cond) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if c.never() {
		return ErrChanged
	}
	return nil
}

func checkDelete(key string, c Cond) error {
	if c.create {
		return fmt.Errorf("deleting %s: only what is there can be deleted, and Create wants it not to be", key)
	}
	return checkWrite(key, c)
}

const maxKey = 1024 // bytes, S3's limit

func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("an object's key is empty")
	case len(key) > maxKey:
		return fmt.Errorf("key %.40q… is %d bytes; %d is the most", key, len(key), maxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("key %q is not UTF-8", key)
	}
	for _, r := range key {
		if r < 0x20 || r == 0x7f || r == 0xfffe || r == 0xffff { // S3's lists are XML, which has no such letters
			return fmt.Errorf("key %q has control characters", key)
		}
	}
	return nil
}

// Open opens the bucket that ref names: one of S3, as [OpenS3] has it, or else a folder, which is made if it is not
// there. now is the clock of a folder, account finds the credentials for S3.
func Open(ctx context.Context, ref string, now func() time.Time, account Account) (Bucket, error) {
	if !strings.HasPrefix(ref, "s3://") {
		return OpenDir(ref, now)
	}
	return OpenS3(ctx, ref, account)
}
