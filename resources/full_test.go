package resources

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/sqlite"
)

// TestAFullDiskChangesNothingAndSaysSo bounds the file's pages, as a full disk does.
func TestAFullDiskChangesNothingAndSaysSo(t *testing.T) {
	s := open(t)
	before := put(t, s, rule("r", `{"text": "a"}`)).Resource
	s.db.SetMaxOpenConns(1) // the pragma is that of a connection
	var n int
	require.NoError(t, s.db.QueryRow("PRAGMA page_count").Scan(&n))
	require.NoError(t, s.db.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&n))
	large := rule("r", `{"text": "`+strings.Repeat("x", 20_000)+`"}`)
	_, err := s.Put(t.Context(), large)
	var full *sqlite.UnwritableError
	require.ErrorAs(t, err, &full)
	require.True(t, full.Full)
	got, err := s.Get(t.Context(), "alert-rule", "r")
	require.NoError(t, err)
	require.Equal(t, before.Version, got.Version)
	require.NoError(t, s.db.QueryRow("PRAGMA max_page_count = 100000").Scan(&n))
	put(t, s, large)
}
