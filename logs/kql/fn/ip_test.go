package fn

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestIPv4(t *testing.T) {
	runCalls(t, []callCase{
		does(`167837955`, "parse_ipv4", "10.1.1.3"),
		does(`167837696`, "parse_ipv4", "10.1.1.3/22"),
		does(`0`, "parse_ipv4", "1.2.3.4/0"),
		does(`null`, "parse_ipv4", "10.1.1.256"),
		does(`null`, "parse_ipv4", "10.1.1.3/33"),
		does(`null`, "parse_ipv4", "10.1.1.3/+8"),
		does(`null`, "parse_ipv4", "10.1.1.3/"),
		does(`null`, "parse_ipv4", "10.1.1.03"),
		does(`null`, "parse_ipv4", "::1"),
		does(`167837952`, "parse_ipv4_mask", "10.1.1.3", 24),
		does(`167772160`, "parse_ipv4_mask", "10.1.1.3/8", 24),
		does(`null`, "parse_ipv4_mask", "10.1.1.3", 33),
		does(`null`, "parse_ipv4_mask", "x", 3),
		does(`"10.1.0.0"`, "format_ipv4", "10.1.2.3", 16),
		does(`"10.1.2.3"`, "format_ipv4", 167838211),
		does(`"10.0.0.0"`, "format_ipv4", 167838211, 8),
		does(`""`, "format_ipv4", 1<<32),
		does(`""`, "format_ipv4", "10.1.2.3", -1),
		does(`"10.1.0.0/16"`, "format_ipv4_mask", "10.1.2.3", 16),
		does(`"10.1.2.0/24"`, "format_ipv4_mask", "10.1.2.3/24"),
		does(`"10.1.2.3/32"`, "format_ipv4_mask", 167838211),
		does(`""`, "format_ipv4_mask", "no ip"),
		does(`32`, "ipv4_netmask_suffix", "10.1.2.3"),
		does(`9`, "ipv4_netmask_suffix", "10.1.2.3/9"),
		does(`null`, "ipv4_netmask_suffix", "10.1.2"),
		does(`true`, "ipv4_is_private", "172.31.255.1"),
		does(`false`, "ipv4_is_private", "172.32.0.1"),
		does(`true`, "ipv4_is_private", "192.168.0.0/16"),
		does(`false`, "ipv4_is_private", "192.169.1.1"),
		does(`true`, "ipv4_is_private", "10.255.1.1"),
		does(`null`, "ipv4_is_private", "ten"),
		does(`-1`, "ipv4_compare", "9.0.0.1", "200.0.0.1"),
		does(`1`, "ipv4_compare", "10.1.2.4", "10.1.2.3"),
		does(`0`, "ipv4_compare", "10.1.2.4/30", "10.1.2.7"),
		does(`0`, "ipv4_compare", "10.1.2.4", "10.1.9.9", 16),
		does(`null`, "ipv4_compare", "10.1.2.4", "10.1.9.9", 64),
		does(`null`, "ipv4_compare", "10.1.2.4", "?"),
		does(`false`, "ipv4_is_match", "10.1.2.4", "10.1.2.5"),
		does(`true`, "ipv4_is_match", "10.1.2.4", "10.1.2.5", 31),
		does(`true`, "ipv4_is_match", "10.1.2.4/24", "10.1.2.0"),
		does(`null`, "ipv4_is_match", "?", "10.1.2.0"),
		does(`true`, "ipv4_is_in_range", "10.1.2.4", "10.1.0.0/16"),
		does(`false`, "ipv4_is_in_range", "10.2.2.4", "10.1.0.0/16"),
		does(`false`, "ipv4_is_in_range", "10.0.0.0/8", "10.1.0.0/16"),
		does(`null`, "ipv4_is_in_range", "10.2.2.4", "10.1.0.0/99"),
		does(`true`, "ipv4_is_in_any_range", "10.2.2.4", "10.1.0.0/16", "10.2.0.0/16"),
		does(`true`, "ipv4_is_in_any_range", "10.2.2.4", arr("bad", "10.2.0.0/16")),
		does(`null`, "ipv4_is_in_any_range", "10.2.2.4", arr("bad", "10.3.0.0/16")),
		does(`false`, "ipv4_is_in_any_range", "10.2.2.4", arr("10.3.0.0/16"), "11.0.0.0/8"),
		does(`false`, "ipv4_is_in_any_range", "10.2.2.4", arr()),
		does(`["10.0.0.5/32"]`, "ipv4_range_to_cidr_list", "10.0.0.5", "10.0.0.5"),
		does(`["10.0.0.1/32","10.0.0.2/31","10.0.0.4/32"]`, "ipv4_range_to_cidr_list", "10.0.0.1", "10.0.0.4"),
		does(`["0.0.0.0/0"]`, "ipv4_range_to_cidr_list", "0.0.0.0", "255.255.255.255"),
		does(`null`, "ipv4_range_to_cidr_list", "10.0.0.2", "10.0.0.1"),
		does(`null`, "ipv4_range_to_cidr_list", "10.0.0.2", "x"),
	})
}

// The prefixes of a range have all its addresses and no other, each once.
func TestIPv4PrefixesCoverTheRange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		first := rapid.Uint32().Draw(rt, "first")
		last := first + min(rapid.Uint32Range(0, 1<<20).Draw(rt, "more"), ^uint32(0)-first)
		next := uint64(first)
		for _, v := range prefixesBetween(first, last) {
			p, err := netip.ParsePrefix(v.(string))
			if err != nil || p != p.Masked() {
				rt.Fatalf("%v is no prefix", v)
			}
			a, _ := parseIP4(v.(string))
			if uint64(a.addr) != next {
				rt.Fatalf("%v follows %s", v, ip4Text(uint32(next)))
			}
			next += 1 << (32 - a.prefix)
		}
		if next != uint64(last)+1 {
			rt.Fatalf("the prefixes end before %d, not %d", next, uint64(last)+1)
		}
	})
}

func TestIPv6(t *testing.T) {
	runCalls(t, []callCase{
		does(`"2001:0db8:0000:0000:0000:0000:0000:0001"`, "parse_ipv6", "2001:db8::1"),
		does(`"2001:0db8:0000:0000:0000:0000:0000:0000"`, "parse_ipv6", "2001:db8:0:0:1::/64"),
		does(`"0000:0000:0000:0000:0000:ffff:0a01:0203"`, "parse_ipv6", "10.1.2.3"),
		does(`"0000:0000:0000:0000:0000:ffff:0a01:0000"`, "parse_ipv6", "::10.1.2.3/16"),
		does(`"0000:0000:0000:0000:0000:ffff:0a01:0000"`, "parse_ipv6", "::ffff:10.1.2.3/112"),
		does(`""`, "parse_ipv6", "2001:db8::1::2"),
		does(`""`, "parse_ipv6", "2001:db8::1/129"),
		does(`""`, "parse_ipv6", "fe80::1%eth0"),
		does(`"2001:0db8:0000:0000:0000:0000:0000:0000"`, "parse_ipv6_mask", "2001:db8::1", 120),
		does(`"0000:0000:0000:0000:0000:ffff:0a01:0000"`, "parse_ipv6_mask", "10.1.2.3/16", 120),
		does(`""`, "parse_ipv6_mask", "2001:db8::1", 129),
		does(`0`, "ipv6_compare", "2001:db8::1", "2001:db8:0::1"),
		does(`-1`, "ipv6_compare", "2001:db8::1", "2001:db8::2"),
		does(`1`, "ipv6_compare", "2001:db8::1", "10.1.2.3"),
		does(`0`, "ipv6_compare", "10.1.2.3", "::ffff:a01:203"),
		does(`0`, "ipv6_compare", "10.1.2.3", "10.1.9.9", 16),
		does(`1`, "ipv6_compare", "10.1.9.3", "10.1.2.9", 24),
		does(`null`, "ipv6_compare", "2001:db8::1", "x"),
		does(`null`, "ipv6_compare", "2001:db8::1", "2001:db8::1", 129),
		does(`true`, "ipv6_is_match", "2001:db8::1/64", "2001:db8::ff"),
		does(`false`, "ipv6_is_match", "2001:db8::1", "2001:db8::ff"),
		does(`true`, "ipv6_is_match", "2001:db8::1", "2001:db8::ff", 64),
		does(`null`, "ipv6_is_match", "", "2001:db8::ff"),
		does(`true`, "ipv6_is_in_range", "2001:db8::1", "2001:db8::/32"),
		does(`false`, "ipv6_is_in_range", "2001:db9::1", "2001:db8::/32"),
		does(`true`, "ipv6_is_in_range", "10.1.2.3", "10.0.0.0/8"),
		does(`null`, "ipv6_is_in_range", "2001:db9::1", "all"),
		does(`true`, "ipv6_is_in_any_range", "2001:db8::1", arr("::/64", "2001:db8::/32")),
		does(`false`, "ipv6_is_in_any_range", "2001:db8::1", "::/64", "10.0.0.0/8"),
		does(`null`, "ipv6_is_in_any_range", "2001:db8::1", "::/64", "10.0.0.0/33"),
	})
}

func TestIPSearch(t *testing.T) {
	const line = "from 10.1.2.3:8080, then (192.168.7.9). v1.2.3.4.5 x10.9.9.9"
	runCalls(t, []callCase{
		does(`true`, "has_ipv4", line, "10.1.2.3"),
		does(`true`, "has_ipv4", line, "192.168.7.9"),
		does(`false`, "has_ipv4", line, "10.1.2.30"),
		does(`false`, "has_ipv4", line, "0.1.2.3"),
		does(`false`, "has_ipv4", line, "1.2.3.4"),
		does(`false`, "has_ipv4", line, "10.9.9.9"),
		does(`false`, "has_ipv4", line, "10.1.2."),
		does(`true`, "has_any_ipv4", line, "8.8.8.8", "10.1.2.3"),
		does(`true`, "has_any_ipv4", line, arr("8.8.8.8", "192.168.7.9")),
		does(`false`, "has_any_ipv4", line, arr("8.8.8.8", "then")),
		does(`true`, "has_ipv4_prefix", line, "192.168."),
		does(`true`, "has_ipv4_prefix", line, "10.1.2.3"),
		does(`false`, "has_ipv4_prefix", line, "10.1.2"),
		does(`false`, "has_ipv4_prefix", line, "10.9."),
		does(`false`, "has_ipv4_prefix", line, "."),
		does(`true`, "has_any_ipv4_prefix", line, "172.", "10."),
		does(`false`, "has_any_ipv4_prefix", line, arr("172.", "19.")),
		does(`false`, "has_any_ipv4_prefix", line, arr()),
	})
	if got := call(t, "has_ipv4", "é10.1.2.3", "10.1.2.3"); got != value.Value(false) {
		t.Error("a letter beyond ASCII before an address is no border")
	}
}
