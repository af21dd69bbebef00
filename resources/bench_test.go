package resources

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// bulk returns documents of about a kilobyte, as alert rules are.
func bulk(n int) []Document {
	docs := make([]Document, n)
	for i := range docs {
		docs[i] = Document{Kind: "action-group", Name: fmt.Sprint("g", i), Spec: json.RawMessage(fmt.Sprintf(`{"severity":%d,"text":"%s"}`, i%5, strings.Repeat("x", 1000)))}
	}
	return docs
}

func BenchmarkProvisionUnchanged(b *testing.B) {
	s := open(b)
	docs := bulk(5000)
	provision(b, s, Provisioning{Source: "files", Documents: docs})
	b.ReportAllocs()
	for b.Loop() {
		provision(b, s, Provisioning{Source: "files", Documents: docs})
	}
}

func BenchmarkList(b *testing.B) {
	s := open(b)
	provision(b, s, Provisioning{Source: "files", Documents: bulk(5000)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.List(b.Context(), "action-group"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	s := open(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		put(b, s, group("g", fmt.Sprintf(`{"text":"%d"}`, i)))
	}
}

func BenchmarkParseDocuments(b *testing.B) {
	var text strings.Builder
	if err := WriteDocuments(&text, bulk(1000)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		parse(b, text.String())
	}
}
