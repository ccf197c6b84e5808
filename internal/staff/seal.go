package staff

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cutline/internal/config"
)

// minKey is the least length of desk.key in bytes: what a program makes has 32, a sentence of a person's has more.
const minKey = 32

// ring seals what we hand out and want back unchanged and unread: cookies and links. A seal is AES-256-GCM under a key
// made from desk.key for the one purpose (HKDF, RFC 5869), written as base64url of the key's id, the nonce and the rest,
// so what was sealed as a link never opens as a session.
type ring struct {
	secrets []config.Secret // the first seals; each opens, so that a key can be changed without signing everybody out
	made    []byte          // where no secret is configured: a key of this process alone
	random  io.Reader
}

// newRing makes the ring of a configuration.
func newRing(c *config.Config, random io.Reader) (ring, error) {
	k := ring{random: random}
	for _, s := range []config.Secret{c.Desk.Key, c.Desk.OldKey} {
		if s.Given() {
			k.secrets = append(k.secrets, s)
		}
	}
	if len(k.secrets) > 0 {
		return k, nil
	}
	k.made = make([]byte, minKey)
	if _, err := io.ReadFull(random, k.made); err != nil {
		return k, fmt.Errorf("making a key: %w", err)
	}
	return k, nil
}

// errSeal says that something is not what we handed out, or under a key that is gone. It does not say which.
var errSeal = errors.New("not sealed by us, or under a key that is no longer used")

const idSize = 4 // bytes of a key's id: enough to tell two apart

// keys are the ring's keys for a purpose, each with its id, the sealing one first.
func (k *ring) keys(ctx context.Context, purpose string) (ids [][]byte, keys []cipher.AEAD, err error) {
	raw := [][]byte{k.made}
	if len(k.secrets) > 0 {
		raw = nil
		for _, s := range k.secrets {
			v, err := s.Value(ctx)
			if err != nil {
				return nil, nil, err
			}
			if len(v) < minKey {
				return nil, nil, fmt.Errorf("secret %s has %d bytes and needs %d or more: make it with openssl rand -base64 32", s.Ref(), len(v), minKey)
			}
			raw = append(raw, []byte(v))
		}
	}
	for _, secret := range raw {
		both, err := hkdf.Key(sha256.New, secret, nil, "cutline "+purpose, 32+idSize)
		if err != nil {
			return nil, nil, err
		}
		block, err := aes.NewCipher(both[:32])
		if err != nil {
			return nil, nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, nil, err
		}
		ids, keys = append(ids, both[32:]), append(keys, aead)
	}
	return ids, keys, nil
}

// seal writes v as text that can stand in a cookie or an address.
func (k *ring) seal(ctx context.Context, purpose string, v any) (string, error) {
	ids, keys, err := k.keys(ctx, purpose)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	out := make([]byte, idSize+keys[0].NonceSize(), idSize+keys[0].NonceSize()+len(body)+keys[0].Overhead())
	copy(out, ids[0])
	nonce := out[idSize:]
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return "", fmt.Errorf("sealing a %s: %w", purpose, err)
	}
	return base64.RawURLEncoding.EncodeToString(keys[0].Seal(out, nonce, body, []byte(purpose))), nil
}

// open reads what seal wrote for the same purpose. errSeal if it is anything else; another error if the key cannot be
// had.
func (k *ring) open(ctx context.Context, purpose, text string, v any) error {
	ids, keys, err := k.keys(ctx, purpose)
	if err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < idSize+keys[0].NonceSize() {
		return errSeal
	}
	for i, key := range keys {
		if !bytes.Equal(ids[i], raw[:idSize]) {
			continue
		}
		nonce, rest := raw[idSize:idSize+key.NonceSize()], raw[idSize+key.NonceSize():]
		if body, err := key.Open(nil, nonce, rest, []byte(purpose)); err == nil && json.Unmarshal(body, v) == nil {
			return nil
		}
	}
	return errSeal
}
