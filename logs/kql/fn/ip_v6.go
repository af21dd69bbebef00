package fn

import (
	"bytes"

	"github.com/endscope/endscope/logs/kql/value"
)

// ipV6Functions compare and write addresses of both versions of IP, IPv4 addresses as the mapped ones. What is no address gives null, or an
// empty text.
func ipV6Functions() []Scalar {
	return []Scalar{
		textFunction("parse_ipv6(ip: string): string", "Returns an address as a full IPv6 address, without the bits behind its prefix.",
			func(s string) value.Value {
				if a, ok := parseIP6(s); ok {
					return ip6Text(a.network(a.prefix))
				}
				return ""
			}),
		{
			Signature: Signature{Text: "parse_ipv6_mask(ip: string, prefix: long): string", Help: "Returns the first bits of an address as a full IPv6 address."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok := parseIP6(a[0].(string))
				prefix := a[1].(int64)
				if !ok || prefix < 0 || prefix > 128 {
					return ""
				}
				return ip6Text(x.network(min(x.prefix, int(prefix))))
			}),
		},
		{
			Signature: Signature{Text: "ipv6_compare(first: string, second: string, [prefix: long]): long", Help: "Compares two addresses by the shortest of their prefixes: -1, 0 or 1."},
			Make: simple(func(a []value.Value) value.Value {
				if order, ok := compareIP6(a); ok {
					return int64(order)
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "ipv6_is_match(first: string, second: string, [prefix: long]): bool", Help: "Says whether two addresses are equal by the shortest of their prefixes."},
			Make: simple(func(a []value.Value) value.Value {
				if order, ok := compareIP6(a); ok {
					return order == 0
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "ipv6_is_in_range(ip: string, range: string): bool", Help: "Says whether an address is in the range of a prefix."},
			Make: simple(func(a []value.Value) value.Value {
				return anyRange([]string{a[1].(string)}, inRange6(a[0].(string)))
			}),
		},
		{
			Signature: Signature{Text: "ipv6_is_in_any_range(ip: string, range: string|dynamic, ...): bool", Help: "Says whether an address is in one of several ranges."},
			Make: simple(func(a []value.Value) value.Value {
				return anyRange(rangesOf(a), inRange6(a[0].(string)))
			}),
		},
	}
}

// compareIP6 compares the first two arguments by the shortest prefix of them and of a third one, which counts the bits of IPv4 where both
// are written as such.
func compareIP6(a []value.Value) (int, bool) {
	x, ok := parseIP6(a[0].(string))
	y, ok2 := parseIP6(a[1].(string))
	prefix := min(x.prefix, y.prefix)
	if len(a) > 2 {
		p := a[2].(int64)
		if p < 0 || p > 128 {
			return 0, false
		}
		if x.four && y.four && p <= 32 {
			p += 96
		}
		prefix = min(prefix, int(p))
	}
	m, n := x.network(prefix), y.network(prefix)
	return bytes.Compare(m[:], n[:]), ok && ok2
}

func inRange6(ip string) func(r string) (bool, bool) {
	a, ok := parseIP6(ip)
	a.addr = a.network(a.prefix)
	return func(text string) (bool, bool) {
		r, ok2 := parseIP6(text)
		return a.network(r.prefix) == r.network(r.prefix), ok && ok2
	}
}
