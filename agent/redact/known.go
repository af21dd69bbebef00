package redact

import "strings"

// charset is what the rest of a known key is made of.
type charset uint8

const (
	alnum  charset = iota
	dashed         // alnum, _ and -
	upper          // capitals and digits
)

func (s charset) has(c byte) bool {
	switch {
	case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	case c >= 'a' && c <= 'z':
		return s != upper
	}
	return s == dashed && (c == '_' || c == '-')
}

// run returns how many bytes at the beginning of text are in the set.
func (s charset) run(text string) int {
	for i := range len(text) {
		if !s.has(text[i]) {
			return i
		}
	}
	return len(text)
}

// knownKey is a kind of key that is known by how it begins.
type knownKey struct {
	prefix string
	set    charset // of what follows
	min    int     // bytes that follow at least
}

// knownKeys are the kinds by their first byte, because it is asked at every word.
type knownKeys [128][]knownKey

func newKnownKeys() *knownKeys {
	k := &knownKeys{}
	for _, p := range []knownKey{
		{"AKIA", upper, 16}, {"ASIA", upper, 16}, {"ABIA", upper, 16}, {"ACCA", upper, 16}, // AWS
		{"hf_", alnum, 20}, {"api_org_", alnum, 20}, // Hugging Face
		{"sk-", dashed, 20}, {"rk-", dashed, 20}, {"pk-", dashed, 20}, // OpenAI, Anthropic
		{"sk_live_", alnum, 16}, {"sk_test_", alnum, 16}, {"rk_live_", alnum, 16}, {"rk_test_", alnum, 16}, {"whsec_", alnum, 20}, // Stripe
		{"nvapi-", dashed, 20}, {"gsk_", alnum, 20}, {"pplx-", alnum, 20}, {"xai-", alnum, 20}, {"r8_", alnum, 20},
		{"ghp_", alnum, 30}, {"gho_", alnum, 30}, {"ghu_", alnum, 30}, {"ghs_", alnum, 30}, {"ghr_", alnum, 30}, {"github_pat_", dashed, 30}, {"glpat-", dashed, 20},
		{"npm_", alnum, 30}, {"pypi-", dashed, 50}, {"dckr_pat_", dashed, 20}, {"dckr_oat_", dashed, 20},
		{"xoxa-", dashed, 10}, {"xoxb-", dashed, 10}, {"xoxe-", dashed, 10}, {"xoxo-", dashed, 10}, {"xoxp-", dashed, 10}, {"xoxr-", dashed, 10}, {"xoxs-", dashed, 10}, {"xapp-", dashed, 10}, // Slack
		{"AIza", dashed, 35}, {"ya29.", dashed, 20}, // Google
	} {
		k[p.prefix[0]] = append(k[p.prefix[0]], p)
	}
	k['e'] = append(k['e'], knownKey{prefix: "eyJ"}) // see finder.webToken
	return k
}

// knownAt returns where the known key ends that begins at i, and i if none does.
func (f *finder) knownAt(i int) int {
	if f.text[i] >= 128 {
		return i
	}
	for _, k := range f.known[f.text[i]] {
		if !strings.HasPrefix(f.text[i:], k.prefix) {
			continue
		}
		if k.prefix == "eyJ" {
			return f.webToken(i)
		}
		from := i + len(k.prefix)
		n := k.set.run(f.text[from:])
		if n < k.min || k.set == upper && from+n < len(f.text) && isNameByte(f.text[from+n]) && f.text[from+n] != '-' {
			continue
		}
		return from + n
	}
	return i
}

// webToken finds a JSON web token: header, payload and signature with dots between them.
func (f *finder) webToken(i int) int {
	if i < f.noWebToken {
		return i
	}
	end := i
	for part := range 3 {
		if part > 0 && end < len(f.text) && f.text[end] == '.' {
			end++
		} else if part > 0 {
			return i
		}
		n := dashed.run(f.text[end:])
		if part == 0 {
			f.noWebToken = end + n // if this is none, no other is that begins in its first part
		}
		if part < 2 && (n < 11 || !strings.HasPrefix(f.text[end:], "eyJ")) || n == 0 {
			return i
		}
		end += n
	}
	return end
}

// privateKeys finds private keys that are on one line, their line breaks written as \n. Keys of several lines are keyBlock's.
func (f *finder) privateKeys() {
	const begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
	for i := 0; ; {
		n := strings.Index(f.text[i:], begin)
		if n < 0 {
			return
		}
		from := i + n
		i = from + len(begin)
		n = keyLabel(f.text[i:])
		if n == 0 {
			continue
		}
		to := len(f.text)
		for i += n; ; {
			n = strings.Index(f.text[i:], end)
			if n < 0 {
				break
			}
			i += n + len(end)
			if n = keyLabel(f.text[i:]); n > 0 {
				to = i + n
				break
			}
		}
		f.add(from, to)
		i = to
	}
}

// keyLabel returns the length of a label such as "RSA PRIVATE KEY-----", and 0 where text does not begin with one.
func keyLabel(text string) int {
	label, _, ok := strings.Cut(text[:min(len(text), 80)], "-----")
	if !ok || !strings.HasSuffix(strings.TrimSuffix(label, " BLOCK"), "PRIVATE KEY") {
		return 0
	}
	return len(label) + len("-----")
}
