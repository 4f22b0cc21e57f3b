// Runs the vectors that are given, and prints each that the verifier does not hold to.
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"time"

	"vectors/claimgate"
)

type vector struct {
	ID, Why, Bind, Refuse, Header, Mode string
	Accept                              any
	Now                                 float64
	Seen                                []string
	KeysURL                             string `json:"keys_url"`
	Secrets                             []string
	Forward                             map[string]claimgate.ForwardedClaim
	Options                             map[string]json.RawMessage
	Request                             struct {
		Method, Target string
		Headers        [][2]string
		Body           string `json:"body_base64"`
	}
}

var file struct {
	Issuer, Audience         string
	Keys                     json.RawMessage
	Assertion, Secret, Start []vector
	KeysURL                  string `json:"keys_url"`
	Steps                    []step
}

type step struct {
	ID, Token, Expect string
	Now               float64
	Eventually        bool
}

// keys asks one verifier at different times; the test changes what the URL of the keys has.
func keys() {
	var at float64
	verifier, err := claimgate.NewVerifier(claimgate.Options{
		Issuer: file.Issuer, Audience: file.Audience, KeysURL: file.KeysURL, Bind: "none",
		Now: func() time.Time { return time.UnixMilli(int64(at * 1000)) },
	})
	if err != nil {
		panic(err)
	}
	for _, s := range file.Steps {
		at = s.Now
		var code string
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			code = "accept"
			var refused *claimgate.Refused
			_, err := verifier.Verify("GET", "/", http.Header{"Txn-Token": {s.Token}}, nil)
			if errors.As(err, &refused) {
				code = refused.Code
			}
			if code == s.Expect || !s.Eventually || time.Now().After(deadline) {
				break
			}
		}
		if code != s.Expect {
			fmt.Printf("%s: %s, not %s\n", s.ID, code, s.Expect)
		}
	}
	fmt.Printf("%d steps\n", len(file.Steps))
}

func outcome(verified *claimgate.Verified, err error) any {
	var refused *claimgate.Refused
	if errors.As(err, &refused) {
		return refused.Code
	}
	if err != nil {
		return "error: " + err.Error()
	}
	var caller any
	if c := verified.Caller; c != nil {
		caller = map[string]any{
			"issuer": c.Issuer, "subject": c.Subject, "client": c.Client, "scopes": c.Scopes, "claims": c.Claims,
		}
	}
	return map[string]any{
		"caller": caller, "request_id": verified.RequestID, "id": verified.ID, "expires_at": verified.ExpiresAt,
	}
}

// plain makes numbers and pointers comparable.
func plain(value any) any {
	text, _ := json.Marshal(value)
	var found any
	json.Unmarshal(text, &found)
	return found
}

func compare(v vector, found any) {
	expected := v.Accept
	if v.Refuse != "" {
		expected = v.Refuse
	}
	if !reflect.DeepEqual(plain(found), plain(expected)) {
		fmt.Printf("%s: %v, not %v\n", v.ID, plain(found), plain(expected))
	}
}

func headersOf(v vector) http.Header {
	headers := http.Header{}
	for _, pair := range v.Request.Headers {
		headers.Add(pair[0], pair[1])
	}
	return headers
}

func assertion(v vector) any {
	options := claimgate.Options{
		Issuer: file.Issuer, Audience: file.Audience, Bind: v.Bind,
		Now: func() time.Time { return time.UnixMilli(int64(v.Now * 1000)) },
	}
	if options.KeysURL = v.KeysURL; v.KeysURL == "" {
		options.KeySet = file.Keys
	}
	if v.Seen != nil {
		options.Replay = func(id string, _ time.Time) (bool, error) {
			for _, one := range v.Seen {
				if one == id {
					return false, nil
				}
			}
			return true, nil
		}
	}
	verifier, err := claimgate.NewVerifier(options)
	if err != nil {
		return "error: " + err.Error()
	}
	body := func() ([]byte, error) { return base64.StdEncoding.DecodeString(v.Request.Body) }
	return outcome(verifier.Verify(v.Request.Method, v.Request.Target, headersOf(v), body))
}

func secret(v vector) any {
	verifier, err := claimgate.NewSecretVerifier(v.Header, v.Secrets, v.Forward)
	if err != nil {
		return "error: " + err.Error()
	}
	return outcome(verifier.Verify("GET", "/", headersOf(v), nil))
}

func start(v vector) error {
	var err error
	if v.Mode == "assertion" {
		options := claimgate.Options{}
		json.Unmarshal(v.Options["issuer"], &options.Issuer)
		json.Unmarshal(v.Options["audience"], &options.Audience)
		json.Unmarshal(v.Options["bind"], &options.Bind)
		if json.Unmarshal(v.Options["keys"], &options.KeysURL) != nil {
			options.KeySet = v.Options["keys"]
		}
		_, err = claimgate.NewVerifier(options)
	} else {
		var header string
		var secrets []string
		json.Unmarshal(v.Options["header"], &header)
		json.Unmarshal(v.Options["secrets"], &secrets)
		_, err = claimgate.NewSecretVerifier(header, secrets, nil)
	}
	return err
}

func main() {
	if err := json.NewDecoder(os.Stdin).Decode(&file); err != nil {
		panic(err)
	}
	if file.Steps != nil {
		keys()
		return
	}
	for _, v := range file.Assertion {
		compare(v, assertion(v))
	}
	for _, v := range file.Secret {
		compare(v, secret(v))
	}
	for _, v := range file.Start {
		if start(v) == nil {
			fmt.Printf("%s: started\n", v.ID)
		}
	}
	fmt.Printf("%d vectors\n", len(file.Assertion)+len(file.Secret)+len(file.Start))
}
