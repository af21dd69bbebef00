package redact

import "strings"

// nameKind is what a name says about the value that it is given.
type nameKind uint8

const (
	nameOther  nameKind = iota
	nameSecret          // a secret, whatever it looks like
	nameToken           // a secret, or a token of a text, which the value must tell
	nameKey             // a secret if the value looks random
	namePath            // a secret, or a folder
	nameHeader          // Authorization
	nameCookie
)

// maxName is how much of the end of a name is looked at.
const maxName = 96

// kindOf tells the kind of a name in any style: HF_TOKEN, x-api-key, clientSecret.
func kindOf(name string) nameKind {
	if len(name) > maxName {
		name = name[len(name)-maxName:]
	}
	if !mayName(name) {
		return nameOther
	}
	name = strings.TrimRight(strings.TrimLeft(name, "-_"), "0123456789_-")
	// The name in lower case without what stands between its words, and where the last two words begin.
	var buf [maxName]byte
	n, last, before := 0, 0, 0
	capitals, next := true, false
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_' || c == '-':
			next = true
			continue
		case c >= 'A' && c <= 'Z':
			if i > 0 && (isLower(name[i-1]) || isDigit(name[i-1]) || i+1 < len(name) && isLower(name[i+1])) {
				next = true
			}
			c |= 0x20
		case isLower(c):
			capitals = false
		}
		if next && n > last {
			before, last = last, n
		}
		next = false
		buf[n] = c
		n++
	}
	flat := string(buf[:n])
	word, ahead := flat[last:], flat[before:last]
	if saysWhere(word) {
		return nameOther
	}
	switch {
	case strings.HasSuffix(flat, "authorization"):
		return nameHeader
	case flat == "cookie", flat == "setcookie", flat == "httpcookie", flat == "nsetcookie", flat == "ncookie": // n: after \\n
		return nameCookie
	case strings.Contains(flat, "secret"), strings.Contains(flat, "password"), strings.Contains(flat, "passwd"), strings.Contains(flat, "passphrase"),
		hasOwned(flat, "key"):
		return nameSecret
	case hasOwned(flat, "token"):
		if word == "tokens" {
			return nameToken
		}
		return nameSecret
	case word == "credential", word == "credentials":
		return nameToken
	case strings.HasSuffix(word, "token"):
		if word != "token" {
			ahead = strings.TrimSuffix(word, "token")
		}
		if isTextToken(ahead) {
			return nameOther
		}
		return nameToken
	case word == "key" && capitals && ahead != "" && !isPlainKey(ahead):
		return nameKey
	case strings.HasSuffix(word, "pwd"):
		return namePath
	case strings.HasSuffix(word, "pass"):
		if word != "pass" {
			if ahead = strings.TrimSuffix(word, "pass"); !isLogin(ahead) {
				return nameOther
			}
		}
		switch {
		case isLogin(ahead), capitals && ahead != "" && !isRound(ahead):
			return nameSecret
		case isRound(ahead):
			return nameOther
		}
		return nameToken
	}
	return nameOther
}

// mayName reports quickly whether a name may be of a secret. Most are not.
func mayName(name string) bool {
	for i := 0; i+3 <= len(name); i++ {
		switch name[i] | 0x20 {
		case 'k':
			if name[i+1]|0x20 == 'e' && name[i+2]|0x20 == 'y' {
				return true
			}
		case 't':
			if name[i+1]|0x20 == 'o' && name[i+2]|0x20 == 'k' {
				return true
			}
		case 's':
			if name[i+1]|0x20 == 'e' && name[i+2]|0x20 == 'c' {
				return true
			}
		case 'p':
			if b, c := name[i+1]|0x20, name[i+2]|0x20; b == 'a' && c == 's' || b == 'w' && c == 'd' {
				return true
			}
		case 'c':
			if b, c := name[i+1]|0x20, name[i+2]|0x20; b == 'o' && c == 'o' || b == 'r' && c == 'e' {
				return true
			}
		case 'a':
			if name[i+1]|0x20 == 'u' && name[i+2]|0x20 == 't' {
				return true
			}
		}
	}
	return false
}

// hasOwned reports whether stem, key or token, is in flat with something right before it that has secret ones.
func hasOwned(flat, stem string) bool {
	for i := 0; ; {
		n := strings.Index(flat[i:], stem)
		if n < 0 {
			return false
		}
		i += n
		owned := stem == "key" && isKeyOwner(flat[:i]) || stem == "token" && isTokenOwner(flat[:i])
		i += len(stem)
		if owned && !strings.HasPrefix(flat[i:], "iz") { // no tokenizer
			return true
		}
	}
}

func endsInOne(text string, of ...string) bool {
	for _, o := range of {
		if strings.HasSuffix(text, o) {
			return true
		}
	}
	return false
}

func isKeyOwner(before string) bool {
	return before != "" && endsInOne(before, "api", "access", "account", "subscription", "function", "functions", "private", "master", "admin", "auth", "signing", "encryption", "shared", "license",
		"openai", "anthropic", "azure", "huggingface", "nvidia", "ngc", "groq", "mistral", "cohere", "gemini", "google", "deepseek", "together", "replicate", "wandb", "langsmith", "langfuse", "stripe")
}

func isTokenOwner(before string) bool {
	return before != "" && endsInOne(before, "api", "access", "auth", "refresh", "hf", "hub", "session", "bearer", "csrf", "xsrf")
}

// saysWhere tells the last words of names whose values are no secrets but say where one is, or something about it.
func saysWhere(word string) bool {
	switch word {
	case "file", "files", "path", "paths", "dir", "folder", "name", "names", "url", "uri", "endpoint", "type", "count", "limit", "len", "length", "size", "usage", "ttl", "expiry", "expires", "expiration",
		"age", "enabled", "required", "provider", "source", "mode", "budget", "rate", "latency", "time", "seconds", "ms", "bytes", "manager", "policy", "version", "env", "var", "field", "header", "ref":
		return true
	}
	return false
}

// isTextToken tells what stands before the tokens that models read and write.
func isTextToken(word string) bool {
	switch word {
	case "eos", "bos", "pad", "unk", "sep", "cls", "mask", "stop", "image", "audio", "video", "special", "first", "last", "next", "prev", "previous", "output", "input", "prompt", "completion", "max", "min",
		"per", "num", "new", "generated", "draft", "bonus", "eot", "eom", "start", "end", "begin", "decoded", "sampled", "text", "sub", "byte", "added", "current", "cur", "each", "every", "unexpected", "padding":
		return true
	}
	return false
}

// isPlainKey tells what stands before keys that only name something.
func isPlainKey(word string) bool {
	switch word {
	case "cache", "public", "primary", "foreign", "sort", "partition", "routing", "group", "hash", "lookup", "index", "dict", "json", "block", "kv", "metric", "label", "trace", "sha", "prefix", "object", "tensor":
		return true
	}
	return false
}

func isLogin(word string) bool {
	switch word {
	case "db", "database", "my", "mysql", "pg", "postgres", "ssh", "user", "admin", "root", "redis", "smtp", "mail", "proxy", "ftp", "ldap", "mongo", "rabbitmq":
		return true
	}
	return false
}

// isRound tells what stands before passes that are made.
func isRound(word string) bool {
	switch word {
	case "forward", "backward", "first", "second", "single", "multi", "one", "two", "render", "test", "tests", "prefill", "decode", "warmup", "last", "next":
		return true
	}
	return false
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
