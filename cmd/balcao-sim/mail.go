package main

import (
	"context"
	"fmt"
	"net/url"

	"balcao/simulators/simmail"
)

// mailCommand runs a mail server and a receiver of signed messages.
type mailCommand struct {
	Listen      string `required:"" placeholder:"URL" help:"smtp://127.0.0.1:0 for any free port, with STARTTLS; smtps:// for TLS from the first byte. The first line of output is 'listening URL'."`
	Webhook     string `placeholder:"URL" help:"http://127.0.0.1:0: takes signed messages as well; a second line is 'webhook URL'."`
	Control     string `placeholder:"SOCKET" help:"Unix socket on which 'balcao-sim ctl mail' and tests work the server."`
	State       string `required:"" type:"path" placeholder:"DIR" help:"Mails and messages; and, in credentials, certificate, password and webhook secret. Made when absent."`
	RequireAuth bool   `help:"Take mails only from the user balcao with the password in credentials."`
}

// Run plays both until ctx ends.
func (c *mailCommand) Run(ctx context.Context) error {
	address, err := url.Parse(c.Listen)
	if err != nil || address.Scheme != "smtp" && address.Scheme != "smtps" || address.Host == "" {
		return fmt.Errorf("listen on %q: mail listens on smtp://HOST:PORT or smtps://HOST:PORT", c.Listen)
	}
	webhook, err := url.Parse(c.Webhook)
	if err != nil || c.Webhook != "" && (webhook.Scheme != "http" || webhook.Host == "") {
		return fmt.Errorf("webhook on %q: it listens on http://HOST:PORT", c.Webhook)
	}
	server, err := simmail.New(simmail.Config{
		Listen: address.Host, ImplicitTLS: address.Scheme == "smtps", RequireAuth: c.RequireAuth, Webhook: webhook.Host,
		StateDir: c.State, Control: c.Control, Log: logger(),
	})
	if err != nil {
		return err
	}
	return server.Run(ctx, func(mail, messages string) {
		announce(mail)
		if messages != "" {
			fmt.Println("webhook " + messages)
		}
	})
}
