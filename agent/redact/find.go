package redact

import "strings"

// finder looks for secrets in one text, in one walk over its words. Each byte is looked at a bounded number of times, whatever the text is: it may be what a
// client of the model server has chosen.
type finder struct {
	text       string
	known      *knownKeys
	spans      [][2]int
	noWebToken int // no JSON web token begins before this place
	end        int // of the line that was looked at last
}

// judged is how much of a value without quotes is looked at before it is known to be a secret.
const judged = 256

func (f *finder) add(from, to int) {
	if from < to && f.text[from:to] != Mark {
		f.spans = append(f.spans, [2]int{from, to})
	}
}

func (f *finder) find() {
	f.privateKeys()
	for i := 0; i < len(f.text); {
		if isNameByte(f.text[i]) {
			i = f.word(i)
		} else {
			i++
		}
	}
}

// isNameByte reports whether c may be in a name: a letter, a digit, _ or -.
func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// name is a name and where it stands.
type name struct {
	from, to int
	query    bool // a parameter of a URL
	option   bool // of a command line: --api-key
	quote    byte // stands right before it, 0 for none
	level    int  // backslashes before that quote
	closed   bool // a quote stands right after it
	sep      byte // between it and its value: = : , or a blank
	close    bool // no blank is between the separator and the value
}

// word looks at the word that begins at i and at what follows it, and returns where the search goes on.
func (f *finder) word(i int) int {
	t := f.text
	n := name{from: i}
	if i > 0 && t[i-1] == '\\' {
		// What JSON and Python write for line breaks and for &.
		switch {
		case strings.HasPrefix(t[i:], "u0026"):
			n.from, n.query = i+5, true
		case t[i] == 'n' || t[i] == 'r' || t[i] == 't':
			n.from = i + 1
		}
		i = n.from
	}
	begins := true
	for i < len(t) && isNameByte(t[i]) {
		if begins {
			if end := f.knownAt(i); end > i {
				f.add(i, end)
				n.from, n.query, i, begins = end, false, end, false
				continue
			}
		}
		begins = t[i] == '-'
		i++
	}
	if n.to = i; n.from == n.to || i == len(t) {
		return i
	}
	switch t[i] {
	case ':':
		if strings.HasPrefix(t[i:], "://") {
			return f.url(n)
		}
	case '=', ' ', '\t', '"', '\'', '\\':
	default:
		return i
	}
	if n.to-n.from == 6 && (t[i] == ' ' || t[i] == '\t') && strings.EqualFold(t[n.from:i], "bearer") {
		return f.bearer(i)
	}
	if n.from > 0 {
		switch c := t[n.from-1]; c {
		case '"', '\'':
			n.quote = c
			n.level = f.backslashes(n.from-1, 0)
		case '?', '&':
			n.query = true
		case ';':
			n.query = strings.HasSuffix(t[:n.from], "&amp;")
		}
	}
	n.option = t[n.from] == '-' && (n.from == 0 || n.quote != 0 || isBlank(t[n.from-1]))
	at := f.separator(&n)
	if at == 0 {
		return i
	}
	if n.query && n.close && n.sep == '=' {
		if isQuery(t[n.from:n.to]) || kindOf(t[n.from:n.to]) != nameOther {
			end := f.queryValue(at)
			if end-at >= 8 || isSecret(kindOf(t[n.from:n.to]), t[at:end], false, true) {
				f.add(at, end)
				return max(end, i)
			}
		}
		return i
	}
	kind := kindOf(t[n.from:n.to])
	if kind == nameOther {
		return i
	}
	if end := f.value(&n, kind, at); end > 0 {
		return end
	}
	return i
}

// separator finds what is between a name and its value, and returns where the value begins, or 0 if the name has none.
func (f *finder) separator(n *name) int {
	t, i := f.text, n.to
	for i < len(t) && t[i] == '\\' {
		i++
	}
	if i < len(t) && (t[i] == '"' || t[i] == '\'') {
		n.closed = true
		i++
	} else if i > n.to {
		return 0
	}
	blanks := i
	i = f.skipBlanks(i)
	if i == len(t) {
		return 0
	}
	switch c := t[i]; {
	case c == '=' || c == ':':
		n.sep = c
		i++
		if i < len(t) && (t[i] == '=' || t[i] == '>') {
			i++
		} else if i < len(t) && t[i] == ':' {
			return 0 // a scope of C++
		}
	case c == ',' && n.closed:
		n.sep = c
		i++
	case i > blanks && n.option && !n.closed:
		n.sep = ' '
	default:
		return 0
	}
	value := f.skipBlanks(i)
	n.close = value == i
	if value == len(t) {
		return 0
	}
	return value
}

// value looks at the value at i of a name that may be of a secret. It returns where the search goes on, and 0 if that is after the name.
func (f *finder) value(n *name, kind nameKind, i int) int {
	t := f.text
	list := false
	for i < len(t) && (t[i] == '[' || t[i] == '(') && !f.isMark(i) {
		list = true
		i = f.skipBlanks(i + 1)
	}
	from, quote, level := f.opening(i)
	if quote != 0 && !n.closed && quote == n.quote && level == n.level {
		return 0 // it ends what the name is in
	}
	switch {
	case n.sep == ',' && quote == 0:
		return 0
	case kind == nameHeader:
		return f.header(n, from, quote, level)
	case kind == nameCookie && n.sep != '=' && quote == 0:
		return f.header(n, from, quote, level)
	case quote == 0:
		end := f.plainEnd(i, i+judged)
		if n.sep == ' ' && strings.HasPrefix(t[i:], "--") {
			return 0 // the next option
		}
		if !isSecret(kind, t[i:end], false, n.sep == '=' && n.close || n.sep == ' ') {
			return 0
		}
		end = f.plainEnd(end, len(t))
		f.add(i, end)
		return end
	}
	at := 0
	for {
		end := f.closing(from, quote, level)
		value := t[from:end]
		if n.sep == ',' && !n.option && !f.endsPair(end, quote) {
			return at
		}
		if isSecret(kind, value, true, false) && strings.TrimSpace(value) != "" {
			f.add(from, end)
			at = end
		} else if len(value) > 64 {
			return at
		}
		// More of them in a list.
		next := f.afterQuote(end, quote)
		if !list || next >= len(t) || t[next] != ',' {
			return at
		}
		if from, quote, level = f.opening(f.skipBlanks(next + 1)); quote == 0 {
			return at
		}
		at = from
	}
}

// header looks at the value of a header at i: its end is the end of its quotes, or of the line. Of the schemes that have one word, that word is the secret;
// of all others, and where the scheme is not known, all of it.
func (f *finder) header(n *name, i int, quote byte, level int) int {
	t := f.text
	inQuotes := quote != 0
	if !inQuotes && n.quote != 0 && !n.closed {
		quote, level, inQuotes = n.quote, n.level, true
	}
	end := 0
	if inQuotes {
		end = f.closing(i, quote, level)
	} else {
		end = f.lineEnd(i)
	}
	if n.sep == ',' && !n.option && !f.endsPair(end, quote) {
		return 0
	}
	for end > i && isBlank(t[end-1]) {
		end--
	}
	first := i
	for first < end && !isBlank(t[first]) && t[first] != ',' {
		first++
	}
	scheme := t[i:first]
	if isOrdinary(scheme) {
		return 0
	}
	if strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "basic") {
		i = f.skipBlanks(first)
		if !inQuotes {
			word := i
			for word < end && !isBlank(t[word]) && t[word] != '"' && t[word] != '\'' {
				word++
			}
			for end = word; end > i && strings.IndexByte(",;)}]\\", t[end-1]) >= 0 && !strings.HasSuffix(t[i:end], Mark); {
				end--
			}
		}
	}
	if i >= end {
		return 0
	}
	f.add(i, end)
	return end
}

// bearer looks for a token after the word, which ends at i.
func (f *finder) bearer(i int) int {
	from := f.skipBlanks(i)
	end := from
	for end < len(f.text) && (isNameByte(f.text[end]) || strings.IndexByte("._~+/", f.text[end]) >= 0) {
		end++
	}
	if end-from < 20 {
		return i
	}
	for end < len(f.text) && f.text[end] == '=' {
		end++
	}
	f.add(from, end)
	return end
}

// isQuery tells parameters of URLs that are secrets by names that elsewhere say little.
func isQuery(name string) bool {
	switch strings.ToLower(name[:min(len(name), 24)]) {
	case "key", "token", "sig", "signature", "code", "x-amz-signature", "x-amz-credential", "x-goog-signature":
		return true
	}
	return false
}

func (f *finder) queryValue(i int) int {
	for i < len(f.text) && f.text[i] > ' ' && strings.IndexByte("\"'&\\", f.text[i]) < 0 {
		i++
	}
	return i
}
