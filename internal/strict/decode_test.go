package strict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/strict"
)

type part struct {
	Name string `json:"name"`
	Size int    `json:"size,omitempty"`
}

type whole struct {
	Title string   `json:"title"`
	On    bool     `json:"on"`
	Tags  []string `json:"tags"`
	Parts []part   `json:"parts"`
	Best  *part    `json:"best"`
}

func TestADocumentIsReadAndAllThatIsWrongWithItsFormIsTold(t *testing.T) {
	f := func(text string, want ...string) whole {
		t.Helper()
		var w whole
		var got []string
		if err := strict.Decode([]byte(text), &w); err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		require.Equal(t, want, got)
		return w
	}
	require.Equal(t, whole{Title: "a<b", On: true, Tags: []string{"x"}, Parts: []part{{"p", 4}}, Best: &part{Name: "q"}},
		f(`{"title":"a<b","on":true,"tags":["x"],"parts":[{"name":"p","size":4.0}],"best":{"name":"q","size":null}}`))
	require.Equal(t, whole{}, f(`{"title":null,"best":null}`))

	w := f(`{"titl":1,"Title":2,"on":"yes","tags":"x","parts":[{"name":5,"size":1.5},7,null],"best":[],"zzz":{}}`,
		"on: must be true or false (got \"yes\")", "tags: must be an array (got \"x\")", "parts[0].name: must be a string (got 5)",
		"parts[0].size: must be a whole number (got 1.5)", "parts[1]: must be an object (got 7)", "parts[2]: must not be null (got null)",
		"best: must be an object (got an array)", "Title: is no field; did you mean title?", "titl: is no field; did you mean title?", "zzz: is no field")
	require.Len(t, w.Parts, 3)
	f(`[]`, "body: must be an object (got an array)")
	f(`null`, "body: must be an object (got null)")
	f(`{} {}`, "body: must be JSON: something follows the object")
	f(`{"title":`, "body: must be JSON: unexpected EOF")
	f(`{"parts":[{"size":99999999999}]}`, "parts[0].size: must be a whole number (got 99999999999)")
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"title":"a","parts":[{"name":"p","size":4.0}],"best":{"name":"q"}}`))
	f.Add([]byte(`{"parts":[null,1,{"size":1e400}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var w whole
		if strict.Decode(text, &w) != nil {
			return
		}
		again, err := strict.Encode(w)
		require.NoError(t, err)
		var back whole
		require.NoError(t, strict.Decode(again, &back))
		once, err := strict.Encode(back)
		require.NoError(t, err)
		require.Equal(t, string(again), string(once), "what is written reads as it was")
	})
}
