package fn

import (
	"cmp"
	"math/bits"
	"strconv"

	"github.com/endscope/endscope/logs/kql/value"
)

// ipV4Functions compare and write IPv4 addresses. What is no address gives null, or an empty text.
func ipV4Functions() []Scalar {
	return []Scalar{
		textFunction("parse_ipv4(ip: string): long", "Returns an IPv4 address as a number, without the bits behind its prefix.",
			func(s string) value.Value {
				if a, ok := parseIP4(s); ok {
					return int64(a.network())
				}
				return nil
			}),
		{
			Signature: Signature{Text: "parse_ipv4_mask(ip: string, prefix: long): long", Help: "Returns the first bits of an IPv4 address as a number."},
			Make: simple(func(a []value.Value) value.Value {
				if x, ok := argIP4(a[0], a[1:]); ok {
					return int64(x.network())
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "format_ipv4(ip: any, [prefix: long]): string", Help: "Writes the first bits of an IPv4 address, given as text or as a number, as an address."},
			Make: simple(func(a []value.Value) value.Value {
				if x, ok := argIP4(a[0], a[1:]); ok {
					return ip4Text(x.network())
				}
				return ""
			}),
		},
		{
			Signature: Signature{Text: "format_ipv4_mask(ip: any, [prefix: long]): string", Help: "Writes the first bits of an IPv4 address, given as text or as a number, as an address with prefix."},
			Make: simple(func(a []value.Value) value.Value {
				if x, ok := argIP4(a[0], a[1:]); ok {
					return ip4Text(x.network()) + "/" + strconv.Itoa(x.prefix)
				}
				return ""
			}),
		},
		textFunction("ipv4_netmask_suffix(ip: string): long", "Returns the length of the prefix of an IPv4 address, 32 where it has none.",
			func(s string) value.Value {
				if a, ok := parseIP4(s); ok {
					return int64(a.prefix)
				}
				return nil
			}),
		textFunction("ipv4_is_private(ip: string): bool", "Says whether an IPv4 address belongs to a private network (RFC 1918).",
			func(s string) value.Value {
				a, ok := parseIP4(s)
				if !ok {
					return nil
				}
				n := a.network()
				return n>>24 == 10 || n>>20 == 172<<4|1 || n>>16 == 192<<8|168
			}),
		{
			Signature: Signature{Text: "ipv4_compare(first: string, second: string, [prefix: long]): long", Help: "Compares two IPv4 addresses by the shortest of their prefixes: -1, 0 or 1."},
			Make: simple(func(a []value.Value) value.Value {
				if order, ok := compareIP4(a); ok {
					return int64(order)
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "ipv4_is_match(first: string, second: string, [prefix: long]): bool", Help: "Says whether two IPv4 addresses are equal by the shortest of their prefixes."},
			Make: simple(func(a []value.Value) value.Value {
				if order, ok := compareIP4(a); ok {
					return order == 0
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "ipv4_is_in_range(ip: string, range: string): bool", Help: "Says whether an IPv4 address is in the range of a prefix."},
			Make: simple(func(a []value.Value) value.Value {
				return anyRange([]string{a[1].(string)}, inRange4(a[0].(string)))
			}),
		},
		{
			Signature: Signature{Text: "ipv4_is_in_any_range(ip: string, range: string|dynamic, ...): bool", Help: "Says whether an IPv4 address is in one of several ranges."},
			Make: simple(func(a []value.Value) value.Value {
				return anyRange(rangesOf(a), inRange4(a[0].(string)))
			}),
		},
		{
			Signature: Signature{Text: "ipv4_range_to_cidr_list(first: string, last: string): dynamic", Help: "Returns the prefixes that cover just the IPv4 addresses from one to another."},
			Make: simple(func(a []value.Value) value.Value {
				first, ok := parseIP4(a[0].(string))
				last, ok2 := parseIP4(a[1].(string))
				if !ok || !ok2 || first.addr > last.addr {
					return nil
				}
				return prefixesBetween(first.addr, last.addr)
			}),
		},
	}
}

// argIP4 reads an address given as text or as a number, and the prefix where there is one.
func argIP4(v value.Value, prefix []value.Value) (ip4, bool) {
	x, ok := ip4{}, false
	if s, isText := v.(string); isText {
		x, ok = parseIP4(s)
	} else if n, isNumber := value.ToLong(v); isNumber && n >= 0 && n < 1<<32 {
		x, ok = ip4{uint32(n), 32}, true
	}
	if ok && len(prefix) > 0 {
		x, ok = x.within(prefix[0].(int64))
	}
	return x, ok
}

// compareIP4 compares the first two arguments by the shortest prefix of them and of a third one.
func compareIP4(a []value.Value) (int, bool) {
	x, ok := argIP4(a[0], a[2:])
	y, ok2 := parseIP4(a[1].(string))
	prefix := min(x.prefix, y.prefix)
	return cmp.Compare(mask4(x.addr, prefix), mask4(y.addr, prefix)), ok && ok2
}

func inRange4(ip string) func(r string) (bool, bool) {
	a, ok := parseIP4(ip)
	return func(text string) (bool, bool) {
		r, ok2 := parseIP4(text)
		return mask4(a.network(), r.prefix) == r.network(), ok && ok2
	}
}

// prefixesBetween covers addresses from first to last with as few prefixes as possible, ascending.
func prefixesBetween(first, last uint32) value.Array {
	out := value.Array{}
	for next, end := uint64(first), uint64(last)+1; next < end; {
		size := min(bits.TrailingZeros32(uint32(next)), bits.Len64(end-next)-1)
		out = append(out, ip4Text(uint32(next))+"/"+strconv.Itoa(32-size))
		next += 1 << size
	}
	return out
}
