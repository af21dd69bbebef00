package route

import (
	_ "github.com/prometheus/alertmanager/api"
	_ "github.com/prometheus/alertmanager/cluster"
	_ "github.com/prometheus/alertmanager/config"
	_ "github.com/prometheus/alertmanager/dispatch"
	_ "github.com/prometheus/alertmanager/inhibit"
	_ "github.com/prometheus/alertmanager/nflog"
	_ "github.com/prometheus/alertmanager/provider/mem"
	_ "github.com/prometheus/alertmanager/silence"
	_ "github.com/prometheus/alertmanager/timeinterval"
	_ "github.com/prometheus/alertmanager/template"
	_ "github.com/prometheus/prometheus/notifier"
)
