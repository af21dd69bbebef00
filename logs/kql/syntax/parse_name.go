package syntax

import "strings"

// nameAhead says whether a name stands here: a word, or a quoted name as in ['a b'].
func (p *parser) nameAhead() bool { return p.nameLength(0) > 0 }

// nameLength is the number of tokens of the name that begins n tokens ahead, 0 when there is none.
func (p *parser) nameLength(n int) int {
	if p.ahead(n).kind == kindName {
		return 1
	}
	if p.ahead(n).is("[") && p.ahead(n+1).kind == kindString && p.ahead(n+2).is("]") {
		return 3
	}
	return 0
}

// name reads a name; what says of what, for the message.
func (p *parser) name(what string) Name {
	switch p.nameLength(0) {
	case 1:
		t := p.take()
		return Name{Span: t.Span, Text: t.text}
	case 3:
		open, text := p.take(), p.take()
		end := p.take()
		s, _ := text.val.(string)
		return Name{Span: Span{open.Start, end.End}, Text: s, Quoted: true}
	}
	p.unexpected(what)
	return Name{}
}

// dashedAhead returns the word here with the parts joined by hyphens that touch it (project-away), and its number of tokens; "" when no
// name stands here.
func (p *parser) dashedAhead() (word string, n int) {
	if p.peek().kind != kindName {
		return "", 0
	}
	word, n = p.peek().text, 1
	for p.ahead(n).is("-") && p.touching(n) && p.ahead(n+1).kind == kindName && p.touching(n+1) {
		word += "-" + p.ahead(n+1).text
		n += 2
	}
	return word, n
}

// wildcardAhead returns the number of tokens of the name with stars that begins here (T*, *_id, col*x, *), 0 when there is none or when
// the name has no star.
func (p *parser) wildcardAhead() int {
	n, stars := 0, false
	for {
		t := p.ahead(n)
		if n > 0 && !p.touching(n) {
			break
		}
		switch {
		case t.is("*"):
			stars = true
		case t.kind != kindName && !(n > 0 && digitsAndLetters(t.text)):
			if !stars {
				return 0
			}
			return n
		}
		n++
	}
	if !stars {
		return 0
	}
	return n
}

// digitsAndLetters says whether a token that is no name can be the middle or the end of one, such as the 2 of a*2.
func digitsAndLetters(s string) bool {
	return s != "" && isDigit(s[0]) && !strings.Contains(s, ".")
}

// wildcard reads a name that may have stars.
func (p *parser) wildcard(what string) *NameRef {
	n := p.wildcardAhead()
	if n == 0 {
		name := p.name(what)
		return &NameRef{Span: name.Span, Name: name}
	}
	start := p.peek().Start
	p.pos += n
	at := p.from(start)
	return &NameRef{Span: at, Name: Name{Span: at, Text: p.text[at.Start:at.End]}, Wildcard: true}
}
