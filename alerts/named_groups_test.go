package alerts

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheGroupsThatADocumentNames(t *testing.T) {
	for document, want := range map[string][]string{
		`{}`: nil,
		`{"actions": [{"actionGroupId": "b"}, {"actionGroupId": "a"}, {"actionGroupId": "a"}]}`:  {"a", "b"},
		`{"actions": [{"actionType": "RemoveAllActionGroups"}, {"actionGroupIds": ["c", "a"]}]}`: {"a", "c"},
		`{"kind": "prometheus", "actions": [{"actionGroupId": "z"}], "group": {"labels": {"action_groups": "y"}, "rules": [{"record": "x", "expr": "1"},
			{"alert": "A", "labels": {"action_groups": " b , ,c"}}, {"alert": "B", "labels": {"action_groups": "{{ $labels.team }}"}}]}}`: {"b", "c", "y", "z"},
	} {
		got, err := NamedGroups([]byte(document))
		require.NoError(t, err, document)
		require.Equal(t, want, got, document)
	}
	_, err := NamedGroups([]byte(`[]`))
	require.Error(t, err)
}
