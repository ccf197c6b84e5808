package bucket

import (
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// open makes the folders that are a Dir's own, and clears what killed processes left.
func (d *Dir) open() error {
	for _, sub := range []string{".lock", ".tmp"} {
		if err := os.MkdirAll(filepath.Join(d.root, sub), 0o750); err != nil {
			return err
		}
	}
	// Under one lock, so that nobody takes a folder that is being made for one that was left.
	unlock, err := flock(filepath.Join(d.root, ".lock", "open"))
	if err != nil {
		return err
	}
	defer unlock()
	left, err := os.ReadDir(filepath.Join(d.root, ".tmp"))
	if err != nil {
		return err
	}
	for _, e := range left {
		p := filepath.Join(d.root, ".tmp", e.Name())
		f, err := os.Open(filepath.Join(p, "lock"))
		if err == nil {
			err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			f.Close()
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			if err := os.RemoveAll(p); err != nil {
				return err
			}
		}
	}
	d.tmp = filepath.Join(d.root, ".tmp", rand.Text())
	if err := os.Mkdir(d.tmp, 0o750); err != nil {
		return err
	}
	if d.hold, err = os.OpenFile(filepath.Join(d.tmp, "lock"), os.O_CREATE|os.O_RDWR, 0o640); err != nil {
		return err
	}
	return syscall.Flock(int(d.hold.Fd()), syscall.LOCK_EX)
}

// lock takes the lock that the key shares with a 256th of all keys.
func (d *Dir) lock(key string) (unlock func(), err error) {
	h := fnv.New32a()
	io.WriteString(h, key)
	n := h.Sum32() % 256
	d.shards[n].Lock()
	free, err := flock(filepath.Join(d.root, ".lock", fmt.Sprintf("%02x", n)))
	if err != nil {
		d.shards[n].Unlock()
		return nil, err
	}
	return func() { free(); d.shards[n].Unlock() }, nil
}

// flock locks a file against all who do the same, in this process and others, and makes it if it is not there.
func flock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != syscall.EINTR {
			return nil, fmt.Errorf("locking %s: %w", path, errors.Join(err, f.Close()))
		}
	}
}
