// Package environment is what the functions read from their environment, and how
// they log. It links no AWS package, so that the authorizer stays small.
package environment

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/telemetry/emf"
)

// Reader reads a function's settings from environment variables and gathers what is
// wrong with them: the product's own, under [settings.Prefix], and those that Lambda
// or the SDK define. Not for concurrent use.
type Reader struct {
	*settings.Reader
	getenv func(string) string
	faults []error
}

// New returns a reader; getenv is os.Getenv or a test's.
func New(getenv func(string) string) *Reader {
	return &Reader{Reader: settings.Environment(getenv), getenv: getenv}
}

// Err returns every fault so far, as [settings.Faults], or nil.
func (r *Reader) Err() error {
	var faults settings.Faults
	errors.As(r.Reader.Err(), &faults)
	if faults = append(faults, r.faults...); len(faults) > 0 {
		return faults
	}
	return nil
}

// Keys returns the tag keys, which every function of a deployment must be given.
func (r *Reader) Keys() session.Keys {
	r.Required("tag-keys", "1 to 8 keys of 64 to 256 hexadecimal digits, separated by commas")
	return r.Reader.Keys()
}

// Origins returns the deployment's public origins, at least one.
func (r *Reader) Origins() inbound.Origins {
	r.Required("origin", "the public origin, such as https://app.example.com; several are separated by commas")
	origins := inbound.Origins(r.List("origin"))
	for _, origin := range origins {
		if want := inbound.Unfit(origin); want != "" {
			r.Fault("origin", inbound.Shown(origin), want)
		}
	}
	return origins
}

// Table returns the name of a table.
func (r *Reader) Table(name string) string { return r.Required(name, "the name of a DynamoDB table") }

// MetricsNamespace returns the CloudWatch namespace of the deployment's metrics.
func (r *Reader) MetricsNamespace() string {
	const name = "metrics-namespace"
	text := cmp.Or(r.Text(name), "Coatcheck")
	if !emf.Fit(text) {
		r.Fault(name, text, "1 to 255 letters, digits and any of .-_/#:, such as Coatcheck/production")
	}
	return text
}

// TraceDaemon returns where X-Ray's daemon takes documents, which Lambda says; the zero
// address where the deployment is not traced.
func (r *Reader) TraceDaemon() netip.AddrPort {
	if !settings.Choice(r.Reader, "tracing", map[string]bool{"": false, "off": false, "on": true}) {
		return netip.AddrPort{}
	}
	daemon, _ := netip.ParseAddrPort(r.getenv("AWS_XRAY_DAEMON_ADDRESS")) // a stand-in for Lambda has none
	return daemon
}

// Region returns the AWS Region, which Lambda sets.
func (r *Reader) Region() string {
	return r.Variable("AWS_REGION", "an AWS Region, such as eu-central-1")
}

// Variable returns a variable that is not the product's own and must be set.
func (r *Reader) Variable(name, want string) string {
	text := r.getenv(name)
	if text == "" {
		r.faults = append(r.faults, fmt.Errorf("%s is %q: want %s", name, text, want))
	}
	return text
}

// Endpoint returns the address of a DynamoDB stand-in under the SDK's own variable,
// "" for AWS.
func (r *Reader) Endpoint() string {
	const name = "AWS_ENDPOINT_URL_DYNAMODB"
	text := r.getenv(name)
	if text == "" {
		return ""
	}
	if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.faults = append(r.faults, fmt.Errorf("%s is %q: want a URL such as http://127.0.0.1:8000", name, text))
	}
	return text
}
