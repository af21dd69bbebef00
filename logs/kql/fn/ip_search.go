package fn

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// ipSearchFunctions find IPv4 addresses in text. An address there stands between characters that are neither letters nor digits, and is not a
// part of a longer row of numbers with dots.
func ipSearchFunctions() []Scalar {
	search := func(signature, help string, valid func(string) bool, fits func(found, want string) bool) Scalar {
		return Scalar{
			Signature: Signature{Text: signature, Help: help},
			Make: simple(func(a []value.Value) value.Value {
				text := a[0].(string)
				var wanted []string
				for _, w := range rangesOf(a) {
					if valid(w) && strings.Contains(text, w) {
						wanted = append(wanted, w)
					}
				}
				return len(wanted) > 0 && findIP4(text, func(found string) bool {
					for _, w := range wanted {
						if fits(found, w) {
							return true
						}
					}
					return false
				})
			}),
		}
	}
	address := func(s string) bool {
		_, ok := parseIP4(s)
		return ok && !strings.Contains(s, "/")
	}
	equal := func(found, want string) bool { return found == want }
	begins := func(found, want string) bool {
		return found == want || strings.HasSuffix(want, ".") && strings.HasPrefix(found, want)
	}
	return []Scalar{
		search("has_ipv4(text: string, ip: string): bool", "Says whether an IPv4 address stands in a text.", address, equal),
		search("has_any_ipv4(text: string, ip: string|dynamic, ...): bool", "Says whether one of several IPv4 addresses stands in a text.", address, equal),
		search("has_ipv4_prefix(text: string, prefix: string): bool", "Says whether an IPv4 address that begins with a prefix such as 10.1. stands in a text.",
			isIP4Prefix, begins),
		search("has_any_ipv4_prefix(text: string, prefix: string|dynamic, ...): bool", "Says whether an IPv4 address that begins with one of several prefixes stands in a text.",
			isIP4Prefix, begins),
	}
}

// isIP4Prefix says whether s is an address, or one to three octets with a dot behind each.
func isIP4Prefix(s string) bool {
	if dots := strings.Count(s, "."); strings.HasSuffix(s, ".") && dots <= 3 {
		s += strings.Repeat("0.", 3-dots) + "0"
	}
	_, ok := parseIP4(s)
	return ok && !strings.Contains(s, "/")
}

// findIP4 says whether f is true for one of the addresses in text.
func findIP4(text string, f func(address string) bool) bool {
	for i := 0; i < len(text); {
		if !isDigit(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && (isDigit(text[end]) || text[end] == '.' && end+1 < len(text) && isDigit(text[end+1])) {
			end++
		}
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[end:])
		run := text[i:end]
		if _, ok := parseIP4(run); ok && !isAlphanumeric(before) && !isAlphanumeric(after) && f(run) {
			return true
		}
		i = end
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlphanumeric(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
