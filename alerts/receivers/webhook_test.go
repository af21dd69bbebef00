package receivers

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWebhookGetsAlertmanagersMessage(t *testing.T) {
	l := listen(t, nil)
	k := newKit(t)
	i := k.one(t, group(t, "webhookReceivers", `{"name":"hook","serviceUri":"`+l.URL+`/in?key=s3cr3t-key","httpHeaders":{"X-Team":"ml"},"bearerToken":"tok3n-value"}`))
	retry, err := i.Notify(about(t, example(), resolved()), example(), resolved())
	require.NoError(t, err)
	require.False(t, retry)
	require.Len(t, l.got(), 1)
	c := l.got()[0]
	require.Equal(t, http.MethodPost, c.Method)
	require.Equal(t, "Bearer tok3n-value", c.Header.Get("Authorization"))
	require.Equal(t, "ml", c.Header.Get("X-Team"))
	checkFields(t, "webhook-v4", c.json(t))
}
