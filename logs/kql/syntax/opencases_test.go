package syntax

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// openCases are the conformance queries of the public reference. They are not part of the project; where their folder does not stand, the
// test says that it left them out.
func openCases(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "kql", "open-cases.jsonl"))
	if err != nil {
		t.Log("the conformance cases are not here and were left out")
		return nil
	}
	defer f.Close()
	var list []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var c struct{ Query string }
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		list = append(list, c.Query)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestOpenCasesParse(t *testing.T) {
	for _, q := range openCases(t) {
		if _, err := Parse(q); err != nil {
			t.Errorf("%s\n%v", q, err)
		}
	}
}
