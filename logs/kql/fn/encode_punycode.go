package fn

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// encodePunycodeFunctions read and write punycode (RFC 3492), of plain text and of the labels of domain names. The text is not normalized or
// checked by the rules for domain names: what the text has is what is encoded. What cannot be decoded gives an empty text.
func encodePunycodeFunctions() []Scalar {
	return []Scalar{
		textFunction("punycode_from_string(text: string): string", "Encodes a text as punycode.", orEmpty(encodePunycode)),
		textFunction("punycode_to_string(punycode: string): string", "Decodes punycode to text.", orEmpty(decodePunycode)),
		textFunction("punycode_domain_to_string(domain: string): string", "Encodes the labels of a domain name that are not ASCII as xn-- labels.",
			orEmpty(func(s string) (string, error) {
				return mapLabels(s, func(label string) (string, error) {
					if isASCII(label) {
						return label, nil
					}
					p, err := encodePunycode(label)
					return "xn--" + p, err
				})
			})),
		textFunction("punycode_domain_from_string(domain: string): string", "Decodes the xn-- labels of a domain name.",
			orEmpty(func(s string) (string, error) {
				return mapLabels(s, func(label string) (string, error) {
					if len(label) < 4 || !strings.EqualFold(label[:4], "xn--") {
						return label, nil
					}
					return decodePunycode(label[4:])
				})
			})),
	}
}

func orEmpty(f func(string) (string, error)) func(string) value.Value {
	return func(s string) value.Value {
		out, err := f(s)
		if err != nil {
			return ""
		}
		return out
	}
}

// mapLabels changes the labels of a domain name. Beside the dot, the ideographic and wide ones of IDNA separate labels, and become dots.
func mapLabels(domain string, f func(string) (string, error)) (string, error) {
	labels := strings.Split(strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".").Replace(domain), ".")
	for i, label := range labels {
		var err error
		if labels[i], err = f(label); err != nil {
			return "", err
		}
	}
	return strings.Join(labels, "."), nil
}

// The parameters of punycode.
const (
	punyBase        = 36
	punyTMin        = 1
	punyTMax        = 26
	punySkew        = 38
	punyDamp        = 700
	punyInitialBias = 72
	punyInitialN    = 128
)

var errPunycode = errors.New("no punycode")

// maxPunycode bounds the characters of a text, because encoding takes time by the square of those that are not ASCII.
const maxPunycode = 10_000

func encodePunycode(s string) (string, error) {
	if !utf8.ValidString(s) || len(s) > maxPunycode {
		return "", errPunycode
	}
	runes := []rune(s)
	var out []byte
	for _, r := range runes {
		if r < punyInitialN {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(punyInitialN), 0, punyInitialBias
	for done := basic; done < len(runes); n, delta = n+1, delta+1 {
		next := rune(math.MaxInt32)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := punyBase; ; k += punyBase {
				t := punyThreshold(k, bias)
				if q < t {
					break
				}
				out = append(out, punyDigit(t+(q-t)%(punyBase-t)))
				q = (q - t) / (punyBase - t)
			}
			out = append(out, punyDigit(q))
			bias = punyAdapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
	}
	return string(out), nil
}

func decodePunycode(s string) (string, error) {
	if len(s) > maxPunycode || !isASCII(s) {
		return "", errPunycode
	}
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		out, s = []rune(s[:i]), s[i+1:]
	}
	n, i, bias := punyInitialN, 0, punyInitialBias
	for s != "" {
		old, weight := i, 1
		for k := punyBase; ; k += punyBase {
			if s == "" {
				return "", errPunycode
			}
			digit := punyValue(s[0])
			s = s[1:]
			if digit < 0 || digit > (math.MaxInt32-i)/weight {
				return "", errPunycode
			}
			i += digit * weight
			t := punyThreshold(k, bias)
			if digit < t {
				break
			}
			if weight > math.MaxInt32/(punyBase-t) {
				return "", errPunycode
			}
			weight *= punyBase - t
		}
		size := len(out) + 1
		bias = punyAdapt(i-old, size, old == 0)
		n += i / size
		i %= size
		if n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return "", errPunycode
		}
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = rune(n)
		i++
	}
	return string(out), nil
}

func punyThreshold(k, bias int) int { return min(max(k-bias, punyTMin), punyTMax) }

func punyAdapt(delta, size int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / size
	k := 0
	for ; delta > (punyBase-punyTMin)*punyTMax/2; k += punyBase {
		delta /= punyBase - punyTMin
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}

func punyDigit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

func punyValue(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '0' && c <= '9':
		return int(c-'0') + 26
	}
	return -1
}
