package console

import (
	"regexp"
	"strings"
)

// trace is what is known about the row in hand: whether it is a traceback, of which language, and how far it has come.
type trace struct {
	kind traceKind
	// prefix is what a logger puts in front of each line of a traceback, as vLLM's does: "ERROR 05-01 12:00:00 [engine.py:158] ".
	prefix string
}

type traceKind uint8

const (
	traceNone       traceKind = iota
	tracePython               // in the frames of a Python traceback
	tracePythonDone           // after its exception
	tracePythonNext           // after "During handling of the above exception": another traceback follows
	traceGo
	traceJava
)

const pythonHead = "Traceback (most recent call last):"

// traceOf tells what a first line begins.
func traceOf(line string) trace {
	if before, ok := strings.CutSuffix(strings.TrimRight(line, " "), pythonHead); ok {
		return trace{tracePython, loggerPrefix(before)}
	}
	if isGoHead(line) {
		return trace{kind: traceGo}
	}
	return trace{}
}

// loggerPrefix leaves out the beginnings that belong to Python's own head, such as "  + Exception Group ".
func loggerPrefix(before string) string {
	before = strings.TrimSuffix(before, "Exception Group ")
	if strings.Trim(before, " +|") == "" {
		return ""
	}
	return before
}

// spansBlanks says whether a blank line may stand inside the row.
func (t *trace) spansBlanks() bool { return t.kind != traceNone && t.kind != traceJava }

// continues reports whether line belongs to the row whose last line was last, with blank lines between them or not. It moves on to what line means.
func (t *trace) continues(line, last string, blanks bool) bool {
	body := line
	if t.prefix != "" {
		if !samePrefix(line, t.prefix) {
			return indented(line) && !blanks
		}
		if body = line[len(t.prefix):]; body == "" {
			return true
		}
	}
	switch t.kind {
	case tracePython:
		switch {
		case indented(body), strings.HasSuffix(body, pythonHead):
			return true
		case blanks:
			return false
		}
		t.kind = tracePythonDone
		return true
	case tracePythonDone:
		switch {
		case strings.HasPrefix(body, "During handling of the above exception"), strings.HasPrefix(body, "The above exception was the direct cause"):
			t.kind = tracePythonNext
			return true
		case blanks:
			return false
		}
		return indented(body) || isAdvice(body)
	case tracePythonNext:
		if !strings.HasSuffix(body, pythonHead) {
			return false
		}
		t.kind = tracePython
		return true
	case traceGo:
		return isGoLine(body)
	case traceJava:
		return !blanks && (indented(body) || strings.HasPrefix(body, "Caused by: "))
	}
	switch {
	case strings.HasSuffix(body, pythonHead):
		if saysError(last) {
			*t = traceOf(body)
			return true
		}
		return false
	case indented(body):
		if rest := strings.TrimLeft(body, " \t"); strings.HasPrefix(rest, "at ") {
			t.kind = traceJava
		}
		return true
	case strings.HasPrefix(body, "frame #"): // C++ stacks as PyTorch prints them
		return true
	case javaException.MatchString(body) && saysError(last):
		t.kind = traceJava
		return true
	}
	return false
}

func indented(line string) bool { return line != "" && (line[0] == ' ' || line[0] == '\t') }

// samePrefix reports whether line begins with prefix, whatever the digits in it are: the time and the number of the source line differ.
func samePrefix(line, prefix string) bool {
	if len(line) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if a, b := line[i], prefix[i]; a != b && !(isDigit(a) && isDigit(b)) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// These are constant: patterns of what languages print.
var (
	errorWord     = regexp.MustCompile(`\b(?:ERROR|CRITICAL|FATAL|SEVERE|WARN|WARNING|Error|error|Exception|exception|Failed|failed|Failure)\b`)
	javaException = regexp.MustCompile(`^(?:[a-z_$][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable)\b`)
	goHead        = regexp.MustCompile(`^(?:panic: |fatal error: |SIG[A-Z]+: |goroutine \d+ .*\[.*\]:$)`)
	goRegister    = regexp.MustCompile(`^[a-z][a-z0-9]{1,5}\s+0x[0-9a-f]+$`)
	goCall        = regexp.MustCompile(`^[\w.\-/%]+(?:\.\(\*?[\w.\[\]]+\))?[\w.\[\]*\-/()]*\(.*\)$`)
)

// saysError reports whether a log line tells of a failure, so that a traceback after it is its own.
func saysError(line string) bool { return errorWord.MatchString(line) }

func isGoHead(line string) bool { return goHead.MatchString(line) }

func isGoLine(line string) bool {
	return indented(line) || isGoHead(line) || strings.HasPrefix(line, "created by ") || strings.HasPrefix(line, "[signal ") || strings.HasPrefix(line, "exit status ") ||
		strings.HasPrefix(line, "runtime stack:") || goRegister.MatchString(line) || goCall.MatchString(line)
}

// isAdvice tells the lines that CUDA and PyTorch add to an exception's message.
func isAdvice(line string) bool {
	for _, p := range []string{"CUDA kernel errors might be", "For debugging consider passing", "Compile with `", "Device-side assertion tracking", "Search for `cuda", "Exception raised from ", "frame #"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}
