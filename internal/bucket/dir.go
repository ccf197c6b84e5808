package bucket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Dir is a bucket in a folder, for a laptop or a single server. An object is a file whose path is its key, readable
// as such (see [Dir.path]); several processes may use one folder.
//
// A write goes to a temporary file, which is synced, then renamed into place, then its folder is synced: kill -9 and
// loss of power leave the old object or the new one. Whoever writes or deletes holds a lock on a file of .lock, one of
// 256 by the key's hash, which dies with its process. An ETag is a hash of the content, so that it needs no place of
// its own, outlives backup and restore, and changes when a file is edited by hand.
type Dir struct {
	root string           // absolute
	tmp  string           // this Dir's own folder of temporary files, under .tmp
	hold *os.File         // lock on tmp: it is abandoned when nobody holds it
	now  func() time.Time // stamps files and answers; the file system's own clock would lag behind by some ms
	next atomic.Uint64    // number of the next temporary file

	shards [256]sync.Mutex // taken before the file's lock: few threads wait in the kernel, however many goroutines write

	mu      sync.Mutex
	watch   []func(key string)
	durable map[string]bool // folders whose own entries, up to the root, this Dir has synced
	sums    map[string]sum  // ETags by path
}

type sum struct {
	info fs.FileInfo // of the file that was read
	etag string
}

// OpenDir opens a folder as a bucket and makes it if it is not there. Temporary files that a killed process left are
// removed. now is the bucket's clock; processes that share a folder must have the same.
func OpenDir(path string, now func() time.Time) (*Dir, error) {
	root, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening folder %s: %w", path, err)
	}
	d := &Dir{root: root, now: now, durable: map[string]bool{root: true}, sums: map[string]sum{}}
	if err := d.open(); err != nil {
		return nil, fmt.Errorf("opening folder %s as a bucket: %w", path, err)
	}
	return d, nil
}

// OnChange has f called with the key of every object that this Dir puts, after the write is durable and from the
// writer's goroutine: f hands the key on and returns. Writes of other processes are not told, as with a notification
// that was lost.
func (d *Dir) OnChange(f func(key string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watch = append(d.watch, f)
}

// Get reads one object whole.
func (d *Dir) Get(ctx context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return Object{}, err
	}
	if err := ctx.Err(); err != nil {
		return Object{}, err
	}
	path := d.path(key)
	body, info, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, ErrNotFound
	} else if err != nil {
		return Object{}, fmt.Errorf("reading object %s: %w", key, err)
	}
	o := Object{Key: key, Body: body, ETag: etagOf(body), Type: typeOf(key), Modified: info.ModTime(), Now: d.now()}
	if t, err := os.ReadFile(sidecar(path)); err == nil {
		o.Type = string(t)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Object{}, fmt.Errorf("reading object %s: %w", key, err)
	}
	return o, nil
}

// readFile reads a file by one handle, so that body and info are of the same one though it be replaced meanwhile.
func readFile(path string) ([]byte, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	body := make([]byte, 0, info.Size()+1)
	for {
		n, err := f.Read(body[len(body):cap(body)])
		if body = body[:len(body)+n]; err == io.EOF {
			return body, info, nil
		} else if err != nil {
			return nil, nil, err
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

func etagOf(body []byte) string {
	h := sha256.Sum256(body)
	return `"` + hex.EncodeToString(h[:16]) + `"`
}

// Put writes one object whole if c holds.
func (d *Dir) Put(ctx context.Context, key string, body []byte, contentType string, c Cond) (string, error) {
	if err := checkWrite(key, c); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	err := d.put(key, body, contentType, c)
	if errors.Is(err, ErrChanged) {
		return "", ErrChanged
	} else if err != nil {
		return "", fmt.Errorf("writing object %s: %w", key, err)
	}
	d.mu.Lock()
	watch := d.watch
	d.mu.Unlock()
	for _, f := range watch {
		f(key)
	}
	return etagOf(body), nil
}

func (d *Dir) put(key string, body []byte, contentType string, c Cond) (err error) {
	path := d.path(key)
	// Written before the lock is taken: only the rename needs it.
	tmp, err := d.temporary(body)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp))
		}
	}()
	unlock, err := d.lock(key)
	if err != nil {
		return err
	}
	defer unlock()
	if err := met(path, c); err != nil {
		return err
	}
	// A modification time that stood still would hide a write from those who compare times.
	now := d.now()
	if err := os.Chtimes(tmp, now, now); err != nil {
		return err
	}
	if contentType == typeOf(key) {
		contentType = ""
	}
	for {
		if err := d.folder(filepath.Dir(path)); err != nil {
			return err
		}
		err := d.describe(path, contentType)
		if err == nil {
			err = os.Rename(tmp, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			if _, err := os.Stat(tmp); err != nil {
				return err
			}
			continue // a Delete of the last object in the folder took the folder with it
		}
		if err != nil {
			return err
		}
		return syncDir(filepath.Dir(path))
	}
}

// temporary writes a new file and syncs it.
func (d *Dir) temporary(body []byte) (string, error) {
	name := filepath.Join(d.tmp, fmt.Sprint(d.next.Add(1)))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return "", err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(name))
	}
	return name, nil
}

// met says whether the object at path is as c wants it. The caller holds the key's lock.
func met(path string, c Cond) error {
	switch {
	case c == Always:
		return nil
	case c.create:
		if _, err := os.Lstat(path); err == nil {
			return ErrChanged
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	body, _, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && etagOf(body) != c.etag {
		return ErrChanged
	}
	return err
}

// describe keeps a content type that the key does not tell in a file beside the object's, and removes one that is out
// of date. It is written before the object is: a crash between leaves at worst a name for what was never written.
func (d *Dir) describe(path, contentType string) error {
	side := sidecar(path)
	if contentType == "" {
		if err := os.Remove(side); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	tmp, err := d.temporary([]byte(contentType))
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, side); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// folder makes a folder, and makes sure once that it and those above it will be found after a loss of power.
func (d *Dir) folder(path string) error {
	d.mu.Lock()
	known := d.durable[path]
	d.mu.Unlock()
	if known {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
	}
	for {
		err := os.MkdirAll(path, 0o750)
		if err == nil {
			break
		}
		// A Delete may take one of the folders between the making of it and of the next: then again.
		raced := errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist)
		if _, gone := os.Stat(d.root); !raced || gone != nil {
			return err
		}
		if info, there := os.Lstat(path); there == nil && !info.IsDir() {
			return err
		}
	}
	for p := path; p != d.root; p = filepath.Dir(p) {
		if err := syncDir(filepath.Dir(p)); errors.Is(err, fs.ErrNotExist) {
			return nil // removed again; the caller's rename will say so
		} else if err != nil {
			return err
		}
	}
	d.mu.Lock()
	d.durable[path] = true
	d.mu.Unlock()
	return nil
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Delete removes one object if c holds.
func (d *Dir) Delete(ctx context.Context, key string, c Cond) error {
	if err := checkDelete(key, c); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := d.remove(key, c)
	if err != nil && !errors.Is(err, ErrChanged) {
		return fmt.Errorf("deleting object %s: %w", key, err)
	}
	return err
}

func (d *Dir) remove(key string, c Cond) error {
	path := d.path(key)
	unlock, err := d.lock(key)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := met(path, c); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	if err := os.Remove(sidecar(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(path)
	if err := syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Folders that are empty now go too: keys with a time in them would fill the disk with them. A folder that
	// somebody puts an object into at this moment is not empty, or is made again by him.
	for ; dir != d.root; dir = filepath.Dir(dir) {
		d.mu.Lock()
		delete(d.durable, dir)
		d.mu.Unlock()
		if os.Remove(dir) != nil {
			break
		}
	}
	return nil
}
