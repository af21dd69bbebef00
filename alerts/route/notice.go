package route

import "github.com/prometheus/alertmanager/alert"

// Notice is an alert as an integration is given it, named for those who connect Lookup and do not import Alertmanager.
type Notice = alert.Alert
