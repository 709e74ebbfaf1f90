package telemetry

import "coatcheck/core/session"

// Labels, each with all its values.
var (
	outcomes = Label{"outcome", texts(
		session.Allowed, session.Absent, session.Malformed, session.Forged, session.Unknown,
		session.Expired, session.Ended, session.Reused, session.Forbidden, session.Unavailable,
	)}
	reasons = Label{"reason", texts(
		session.SignedOut, session.EndedByUser, session.EndedByAdmin, session.SessionLimit, session.Replaced,
		session.RolesChanged, session.PasswordChanged, session.AccountDisabled, session.TokenReuse, session.EndedEverywhere,
	)}
	// methods are the Authentication Method Reference Values of RFC 8176; a session with
	// several counts as mfa.
	methods = Label{"method", []string{
		"none", "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pwd",
		"rba", "retina", "sc", "sms", "swk", "tel", "user", "vbm", "wia",
	}}
	stores     = Label{"store", []string{StoreSessions, StoreAccounts}}
	operations = Label{"operation", []string{
		"create", "read", "update", "delete", "list", "set_fence", "raise_ended_before", "page", "count", "subject", "get",
	}}
	// requests are those that package dynamo sends, by DynamoDB's own names.
	requests = Label{"operation", []string{
		"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems",
	}}
	results = Label{"result", []string{
		ResultOK, "not_found", "exists", "conflict", "damaged", "cursor", "canceled", "timeout", "error",
	}}
	// throttles are DynamoDB's throttling reasons: resource, operation, limit.
	throttles = Label{"reason", []string{
		"TableReadProvisionedThroughputExceeded", "TableWriteProvisionedThroughputExceeded",
		"TableReadAccountLimitExceeded", "TableWriteAccountLimitExceeded",
		"TableReadKeyRangeThroughputExceeded", "TableWriteKeyRangeThroughputExceeded",
		"TableReadMaxOnDemandThroughputExceeded", "TableWriteMaxOnDemandThroughputExceeded",
		"IndexReadProvisionedThroughputExceeded", "IndexWriteProvisionedThroughputExceeded",
		"IndexReadAccountLimitExceeded", "IndexWriteAccountLimitExceeded",
		"IndexReadKeyRangeThroughputExceeded", "IndexWriteKeyRangeThroughputExceeded",
		"IndexReadMaxOnDemandThroughputExceeded", "IndexWriteMaxOnDemandThroughputExceeded",
	}}
)

// Values of labels that more than one package gives.
const (
	StoreSessions = "sessions"
	StoreAccounts = "accounts"

	ResultOK     = "ok"
	ResultFailed = "failed"
)

func texts[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// What the Manager does.
var (
	Lookups = &Metric{
		Name: "lookups", Kind: Counter, Labels: []Label{outcomes}, Dimensions: []string{"outcome"},
		Help: "Checks of a presented token, and of what stays open, by how they went.",
	}
	LookupDuration = &Metric{
		Name: "lookup_duration", Kind: Histogram, Unit: Seconds, Labels: []Label{outcomes},
		Help: "How long these checks took, the store's calls included.",
	}
	SignIns = &Metric{
		Name: "sign_ins", Kind: Counter,
		Labels: []Label{methods, {"result", []string{
			"created", "refused", "overtaken", "busy", "invalid", "unavailable",
		}}},
		Dimensions: []string{"method", "result"},
		Help:       "Attempts to sign in, each once, by the method of authentication (RFC 8176) and how they went.",
	}
	SessionsEnded = &Metric{
		Name: "sessions_ended", Kind: Counter, Labels: []Label{reasons}, Dimensions: []string{"reason"},
		Help: "Ends that were written, by their reason; token_reuse: somebody has a copy of a token. Timeouts are not written: sessions_expired counts them.",
	}
	EveryoneEnded = &Metric{
		Name: "everyone_ended", Kind: Counter,
		Help: "How often everybody's sessions were ended at once.",
	}
	TokensRotated = &Metric{
		Name: "tokens_rotated", Kind: Counter, Labels: []Label{{"step", []string{"offered", "confirmed"}}}, Dimensions: []string{"step"},
		Help: "New tokens handed out, and those that came back and took the place of the one before.",
	}
	Touches = &Metric{
		Name: "touches", Kind: Counter, Labels: []Label{{"result", []string{"written", ResultFailed}}}, Dimensions: []string{"result"},
		Help: "Uses of a session that were written down, or could not be.",
	}
)

// What the stores are asked.
var (
	StoreCalls = &Metric{
		Name: "store_calls", Kind: Counter, Labels: []Label{stores, operations, results}, Dimensions: []string{"store", "result"},
		Help: "Calls of a store by how they went; error is a store that did not answer, timeout one that did not in time.",
	}
	StoreCallDuration = &Metric{
		Name: "store_call_duration", Kind: Histogram, Unit: Seconds, Labels: []Label{stores, operations}, Dimensions: []string{"store"},
		Help: "How long calls of a store took, retries included.",
	}
	StoreThrottles = &Metric{
		Name: "store_throttles", Kind: Counter, Labels: []Label{requests, throttles}, Dimensions: []string{"reason"},
		Help: "Requests that DynamoDB throttled, each attempt by itself, by DynamoDB's reason.",
	}
	StoreUnits = &Metric{
		Name: "store_units", Kind: Counter,
		Labels:     []Label{stores, requests, {"kind", []string{"read", "write"}}},
		Dimensions: []string{"store", "kind"},
		Help:       "Capacity units that DynamoDB says the requests consumed, indexes included.",
	}
)

// What the monitor finds, every few minutes.
var (
	SessionsActive = &Metric{
		Name: "sessions_active", Kind: Gauge,
		Help: "Sessions that are neither ended nor expired, by the index.",
	}
	SessionsExpired = &Metric{
		Name: "sessions_expired", Kind: Counter,
		Help: "Sessions that ran out unused or reached their age, by the minute in which they did.",
	}
	SweepEnded = &Metric{
		Name: "sweep_ended", Kind: Counter,
		Help: "Ends that the sweep wrote down behind an end of everybody.",
	}
	TTLLag = &Metric{
		Name: "ttl_lag", Kind: Gauge, Unit: Seconds,
		Help: "How overdue the most overdue of the 100 longest-standing records is, so that forgetting is late by that at least; 0 where none is.",
	}
	TagKeyAge = &Metric{
		Name: "tag_key_age", Kind: Gauge, Unit: Seconds,
		Help: "How long ago the key that tags new tokens was made.",
	}
	MonitorRuns = &Metric{
		Name: "monitor_runs", Kind: Counter, Labels: []Label{{"result", []string{ResultOK, ResultFailed}}}, Dimensions: []string{"result"},
		Help: "Runs of the monitor. No run for a while means that nothing of the above is known.",
	}
)

// What the processes tell of themselves.
var (
	ColdStarts = &Metric{
		Name: "cold_starts", Kind: Counter,
		Labels:     []Label{{"function", []string{"authorize", "login", "admin", "monitor"}}},
		Dimensions: []string{"function"},
		Help:       "Processes that Lambda started, by their function.",
	}
	Dropped = &Metric{
		Name: "telemetry_dropped", Kind: Counter,
		Help: "Lines of metrics that could not be written, told by the next that could.",
	}
)

// Metrics is the catalogue: all that is kept, in the order of docs/metrics.md.
func Metrics() []*Metric {
	return []*Metric{
		Lookups, LookupDuration, SignIns, SessionsEnded, EveryoneEnded, TokensRotated, Touches,
		StoreCalls, StoreCallDuration, StoreThrottles, StoreUnits,
		SessionsActive, SessionsExpired, SweepEnded, TTLLag, TagKeyAge, MonitorRuns,
		ColdStarts, Dropped,
	}
}
