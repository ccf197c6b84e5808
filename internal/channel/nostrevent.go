package channel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
)

// nostrEvent is an event of NIP-01. Its id is the hash of all but itself and the signature: the same content has the same
// id wherever and whenever it is sent.
type nostrEvent struct {
	ID        string     `json:"id"`
	PubKey    string     `json:"pubkey"`
	CreatedAt int64      `json:"created_at"` // seconds of Unix time
	Kind      int        `json:"kind"`
	Tags      [][]string `json:"tags"`
	Content   string     `json:"content"`
	Sig       string     `json:"sig"`
}

// sign fills in key, id and signature (BIP-340).
func (e *nostrEvent) sign(key *btcec.PrivateKey) error {
	e.PubKey = hex.EncodeToString(schnorr.SerializePubKey(key.PubKey()))
	body, err := e.serialized()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	sig, err := schnorr.Sign(key, sum[:])
	if err != nil {
		return err
	}
	e.ID, e.Sig = hex.EncodeToString(sum[:]), hex.EncodeToString(sig.Serialize())
	return nil
}

// serialized is what the id is the hash of: NIP-01's list as JSON without spaces, in which only the seven signs are
// escaped that it names.
func (e *nostrEvent) serialized() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode([]any{0, e.PubKey, e.CreatedAt, e.Kind, e.Tags, e.Content}); err != nil {
		return nil, err
	}
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	for _, r := range []string{"\u2028", "\u2029"} { // encoding/json escapes these two whatever it is told
		out = unescapeRune(out, r)
	}
	return out, nil
}

// unescapeRune puts a sign in the place of its \uXXXX, where the backslash is not itself escaped.
func unescapeRune(b []byte, r string) []byte {
	escaped := fmt.Appendf(nil, `\u%04x`, []rune(r)[0])
	var out []byte
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 >= len(b) {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		if b = b[i:]; bytes.HasPrefix(b, escaped) {
			out, b = append(out, r...), b[len(escaped):]
			continue
		}
		out, b = append(out, b[:2]...), b[2:]
	}
}

// nostrKey reads a secret key as NIP-19 writes it (nsec1…), or as 64 hexadecimal digits.
func nostrKey(secret string) (*btcec.PrivateKey, error) {
	secret = strings.TrimSpace(secret)
	raw, err := hex.DecodeString(secret)
	if strings.HasPrefix(strings.ToLower(secret), "nsec1") {
		raw, err = bech32Decode("nsec", secret)
	}
	if err != nil || len(raw) != 32 {
		return nil, errors.New("the secret is no key of Nostr: give it as nsec1… or as 64 hexadecimal digits")
	}
	key, _ := btcec.PrivKeyFromBytes(raw)
	if key.Key.IsZero() {
		return nil, errors.New("the secret is no key of Nostr: it is zero")
	}
	return key, nil
}

const bech32Letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bech32 writes bytes as BIP-173 does: prefix, 1, groups of five bits, checksum.
func bech32(prefix string, raw []byte) string {
	groups := regroup(raw, 8, 5, true)
	var b strings.Builder
	b.WriteString(prefix + "1")
	sum := bech32Sum(prefix, append(groups, 0, 0, 0, 0, 0, 0)) ^ 1
	for i := range 6 {
		groups = append(groups, byte(sum>>(5*(5-i))&31))
	}
	for _, g := range groups {
		b.WriteByte(bech32Letters[g])
	}
	return b.String()
}

// bech32Decode reads what bech32 writes.
func bech32Decode(prefix, text string) ([]byte, error) {
	text = strings.ToLower(text)
	rest, ok := strings.CutPrefix(text, prefix+"1")
	if !ok || len(rest) < 6 {
		return nil, fmt.Errorf("it does not begin with %s1", prefix)
	}
	groups := make([]byte, len(rest))
	for i := range rest {
		g := strings.IndexByte(bech32Letters, rest[i])
		if g < 0 {
			return nil, errors.New("it has a letter that such keys do not have")
		}
		groups[i] = byte(g)
	}
	if bech32Sum(prefix, groups) != 1 {
		return nil, errors.New("its checksum is wrong")
	}
	raw := regroup(groups[:len(groups)-6], 5, 8, false)
	return raw, nil
}

func bech32Sum(prefix string, groups []byte) uint32 {
	var values []byte
	for i := range prefix {
		values = append(values, prefix[i]>>5)
	}
	values = append(values, 0)
	for i := range prefix {
		values = append(values, prefix[i]&31)
	}
	sum := uint32(1)
	for _, v := range append(values, groups...) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}

// regroup takes groups of from bits and makes groups of to bits; pad fills the last one with zeros, or it is left out.
func regroup(in []byte, from, to uint, pad bool) []byte {
	var out []byte
	var acc, bits uint
	for _, b := range in {
		acc, bits = acc<<from|uint(b), bits+from
		for bits >= to {
			bits -= to
			out = append(out, byte(acc>>bits&(1<<to-1)))
		}
	}
	if pad && bits > 0 {
		out = append(out, byte(acc<<(to-bits)&(1<<to-1)))
	}
	return out
}
