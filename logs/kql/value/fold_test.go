package value

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAppendFold(t *testing.T) {
	fold := func(s string) string { return string(AppendFold(nil, s)) }
	require.Equal(t, fold("Straße ÉTÉ"), fold("sTRAßE été"))
	require.NotEqual(t, fold("k"), fold("\u212a"), "the sign of kelvin is no k")
	require.Equal(t, "", fold(""))
	texts := rapid.StringOfN(rapid.RuneFrom([]rune("aAkK\u212aßẞéÉσςΣжЖiIıİ\uFFFD ")), 0, 4, -1)
	bytes := rapid.Custom(func(t *rapid.T) string {
		return texts.Draw(t, "text") + string(rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "bytes"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := bytes.Draw(t, "a"), bytes.Draw(t, "b")
		if got, want := fold(a) == fold(b), EqualFold(a, b); got != want {
			t.Fatalf("%q and %q: folded equal is %t, EqualFold is %t", a, b, got, want)
		}
	})
}
