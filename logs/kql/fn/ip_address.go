package fn

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// ip4 is an IPv4 address with the length of its prefix, 32 where the text has none.
type ip4 struct {
	addr   uint32
	prefix int
}

// parseIP4 reads 10.1.2.3 or 10.1.2.3/24. Octets have no leading zeros, which some programs read as octal.
func parseIP4(s string) (ip4, bool) {
	host, prefix, ok := cutPrefixLength(s, 32)
	if !ok {
		return ip4{}, false
	}
	a, err := netip.ParseAddr(host)
	if err != nil || !a.Is4() {
		return ip4{}, false
	}
	b := a.As4()
	return ip4{binary.BigEndian.Uint32(b[:]), prefix}, true
}

// cutPrefixLength splits what follows a slash off an address. Without a slash the prefix is all of the bits.
func cutPrefixLength(s string, bits int) (host string, prefix int, ok bool) {
	host, text, has := strings.Cut(s, "/")
	if !has {
		return host, bits, true
	}
	prefix, err := strconv.Atoi(text)
	return host, prefix, err == nil && prefix >= 0 && prefix <= bits && text[0] != '+' && text[0] != '-'
}

func mask4(addr uint32, prefix int) uint32 { return addr &^ uint32(uint64(1)<<(32-prefix)-1) }

// network returns the address without the bits behind the prefix.
func (a ip4) network() uint32 { return mask4(a.addr, a.prefix) }

// within limits the prefix to one given as an argument, and says whether that is a possible one.
func (a ip4) within(prefix int64) (ip4, bool) {
	if prefix < 0 || prefix > 32 {
		return a, false
	}
	a.prefix = min(a.prefix, int(prefix))
	return a, true
}

func ip4Text(addr uint32) string {
	return fmt.Sprintf("%d.%d.%d.%d", addr>>24, addr>>16&255, addr>>8&255, addr&255)
}

// ip6 is an IPv6 address with the length of its prefix, 128 where the text has none. An IPv4 address is the one mapped to ::ffff:0:0/96, and its
// prefix counts from there.
type ip6 struct {
	addr   [16]byte
	prefix int
	four   bool // written as an IPv4 address
}

// parseIP6 reads an address of either version, also with the IPv4 address at the end (::192.168.1.1), which then counts as that address.
func parseIP6(s string) (ip6, bool) {
	if a, ok := parseIP4(s); ok {
		return mapped(a), true
	}
	host, prefix, ok := cutPrefixLength(s, 128)
	if !ok {
		return ip6{}, false
	}
	a, err := netip.ParseAddr(host)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return ip6{}, false
	}
	if strings.Contains(host, ".") {
		all := a.As16()
		high := [12]byte(all[:12])
		if high == [12]byte{} || high == [12]byte{10: 0xff, 11: 0xff} {
			if !strings.Contains(s, "/") {
				prefix = 32
			}
			if prefix <= 32 {
				return mapped(ip4{binary.BigEndian.Uint32(all[12:]), prefix}), true
			}
			return ip6{mapped(ip4{binary.BigEndian.Uint32(all[12:]), 32}).addr, prefix, false}, true
		}
	}
	return ip6{a.As16(), prefix, false}, true
}

func mapped(a ip4) ip6 {
	m := ip6{[16]byte{10: 0xff, 11: 0xff}, 96 + a.prefix, true}
	binary.BigEndian.PutUint32(m.addr[12:], a.addr)
	return m
}

// network returns the address without the bits behind a prefix.
func (a ip6) network(prefix int) [16]byte {
	out := a.addr
	for i := range out {
		switch keep := prefix - 8*i; {
		case keep <= 0:
			out[i] = 0
		case keep < 8:
			out[i] &= ^byte(0) << (8 - keep)
		}
	}
	return out
}

// ip6Text writes an address in full: eight groups of four digits.
func ip6Text(addr [16]byte) string {
	return netip.AddrFrom16(addr).StringExpanded()
}

// rangesOf returns the texts of the arguments from the second on: several, or one array.
func rangesOf(a []value.Value) []string {
	var out []string
	for _, v := range a[1:] {
		if list, ok := v.(value.Array); ok {
			for _, e := range list {
				out = append(out, asText(e))
			}
			continue
		}
		out = append(out, asText(v))
	}
	return out
}

// anyRange says whether one of the ranges has the address: null when none has it and one of them is no range.
func anyRange(ranges []string, has func(r string) (yes, ok bool)) value.Value {
	bad := false
	for _, r := range ranges {
		yes, ok := has(r)
		if ok && yes {
			return true
		}
		bad = bad || !ok
	}
	if bad {
		return nil
	}
	return false
}
