package fetch

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// denied is every range of the IANA special-purpose registries, those that are marked globally reachable too (no photo
// lives there), and multicast. Of IPv6 only 2000::/3 is looked at; all outside it is denied.
var denied = prefixes(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
	192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
	2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20`)

var globalV6 = netip.MustParsePrefix("2000::/3")

func prefixes(list string) []netip.Prefix {
	var out []netip.Prefix
	for p := range strings.FieldsSeq(list) {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// Public says whether an address may be connected to: it is public, or in allow. An IPv4 address in IPv6's clothes
// is judged as the IPv4 address; one with a zone never may.
func Public(a netip.Addr, allow []netip.Prefix) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap() // Prefix.Contains never matches a mapped address
	if listed(a, allow) {
		return true
	}
	if a.Is6() && !globalV6.Contains(a) {
		return false
	}
	return !listed(a, denied)
}

func listed(a netip.Addr, in []netip.Prefix) bool {
	for _, p := range in {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// never are the last labels of names that are not on the public net.
var never = []string{"localhost", "local", "internal", "home.arpa", "onion", "test", "invalid"}

// CheckURL judges an address before anything is looked up: https on port 443 (http on port 80 too, where plain), a
// host name of the public net or a public address, no user. It returns the address to use, its host in the form that
// is looked up (UTS 46). A literal address in allow, and localhost where allow has loopback, may be http and have any port:
// that is for trying out on one's own machine. What is refused is an ErrForbidden.
func CheckURL(raw string, allow []netip.Prefix, plain bool) (*url.URL, error) {
	refuse := func(why string, args ...any) (*url.URL, error) {
		return nil, fmt.Errorf("%w: %s", ErrForbidden, fmt.Sprintf(why, args...))
	}
	if len(raw) > 8192 || !utf8.ValidString(raw) {
		return refuse("the address is longer than 8192 bytes, or not UTF-8")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return refuse("it is no address")
	}
	if u.Opaque != "" || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return refuse("want an address that begins with https://")
	}
	if u.User != nil {
		return refuse("the address holds a user name")
	}
	host, err := idna.Lookup.ToASCII(u.Hostname()) // before all checks: full-width digits and dots become an address here
	if strings.Contains(u.Hostname(), ":") {
		host, err = u.Hostname(), nil
	}
	if again, e := idna.Lookup.ToASCII(host); err != nil || !strings.Contains(host, ":") && (e != nil || again != host) {
		return refuse("%q is no host name", u.Hostname())
	}
	port := u.Port()
	own := false
	if a, err := netip.ParseAddr(host); err == nil {
		if !Public(a, allow) {
			return refuse("%s is not a public address", a)
		}
		own = listed(a.Unmap(), allow)
	} else {
		host = strings.TrimSuffix(host, ".")
		own = host == "localhost" && listed(netip.MustParseAddr("127.0.0.1"), allow)
		if err := checkName(host); err != nil && !own {
			return nil, fmt.Errorf("%w: %w", ErrForbidden, err)
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return refuse("%q is no port", port)
	}
	switch {
	case own:
	case u.Scheme == "http" && !plain:
		return refuse("the address is not https")
	case port != "" && port != map[string]string{"https": "443", "http": "80"}[u.Scheme]:
		return refuse("port %s is not the one of %s", port, u.Scheme)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if u.Host = host; port != "" {
		u.Host += ":" + port
	}
	u.Fragment = ""
	return u, nil
}

// checkName judges a host name that is no address.
func checkName(host string) error {
	labels := strings.Split(host, ".")
	if len(host) > 253 || len(labels) < 2 {
		return fmt.Errorf("%q is no host name of the public net", host)
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 {
			return fmt.Errorf("%.80q is no host name", host)
		}
	}
	// What resolvers of the C library take for an address though it does not look like one: 0177.0.0.1, 127.1, 0x7f.1
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return fmt.Errorf("%q is neither a host name nor an address", host)
	}
	for _, n := range never {
		if host == n || strings.HasSuffix(host, "."+n) {
			return fmt.Errorf("%q is no host of the public net", host)
		}
	}
	return nil
}
