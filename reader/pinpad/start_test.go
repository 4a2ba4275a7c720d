package pinpad_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/reader/pinpad"
	"balcao/terminal/device"
)

// info answers GIX with a table version, after more parameters of choice.
func info(version string, more ...any) string {
	return ok("GIX", tlv(append(more, 0x8003, "SIMPAD;1MB", 0x9301, version)...))
}

func newTables(t *testing.T) pinpad.Tables {
	t.Helper()
	tables, err := pinpad.CommonTables("BALCAO0001", pinpad.Merchant{
		Acquirer: 1, Number: "000000000000001", Terminal: "00000003", Category: "5411",
	})
	require.NoError(t, err)
	return tables
}

func withTables(t *testing.T) func(*pinpad.Config) {
	tables := newTables(t)
	return func(config *pinpad.Config) { config.Tables = tables }
}

// load plays TLI and the records.
func (p *peer) load() {
	p.t.Helper()
	require.Equal(p.t, "TLI01201BALCAO0001", p.exchange("TLI", "TLI020"))
	for range 3 {
		require.Len(p.t, p.exchange("TLR68202", "TLR000"), 3+3+2+2*340)
	}
	require.Len(p.t, p.exchange("TLR34201", "TLR000"), 3+3+2+340)
}

func TestTablesAreLoadedWhenTheVersionDiffers(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plug()
		p.sync()
		p.exchange("OPN", "OPN000")
		p.exchange("GIX", info("0000000000"))
		p.load()
		p.exchange("TLE", "TLE000")
		p.exchange("GIX", info("BALCAO0001"))
		p.exchange("CLX", "CLX000")
		require.Equal(t, pinpad.DetailTables, till.waitDetail(pinpad.DetailTables).Detail)
		require.Empty(t, till.waitLight(device.OK).Detail)

		p.cable.Close()
		p = till.plug()
		p.sync()
		p.exchange("OPN", "OPN000")
		p.exchange("GIX", info("BALCAO0001"))
		p.exchange("CLX", "CLX000")
		till.waitLight(device.OK)
	}, withTables(t))
}

func (c *till) waitDetail(detail string) device.Status {
	c.t.Helper()
	for {
		select {
		case status := <-c.statuses:
			if status.Detail == detail {
				return status
			}
		case <-time.After(time.Hour):
			require.FailNow(c.t, "no status", "detail %s", detail)
		}
	}
}

func TestALostEndOfTheLoadIsAskedForAndNotRepeated(t *testing.T) {
	for name, versionAfter := range map[string]string{"it had its effect": "BALCAO0001", "it had none": "0000000000"} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plug()
				p.sync()
				p.exchange("OPN", "OPN000")
				p.exchange("GIX", info("0000000000"))
				p.load()
				p.frame() // TLE, and nothing comes back
				p.sync()
				p.exchange("GIX", info(versionAfter))
				if versionAfter != "BALCAO0001" {
					p.load()
					p.exchange("TLE", "TLE000")
					p.exchange("GIX", info("BALCAO0001"))
				}
				p.exchange("CLX", "CLX000")
				till.waitLight(device.OK)
			}, withTables(t))
		})
	}
}

func TestTablesThatCannotBeLoadedDoNotStopTheStore(t *testing.T) {
	for name, refuse := range map[string]func(p *peer){
		"refused at the start": func(p *peer) { p.exchange("TLI", "TLI040") },
		"refused in the middle": func(p *peer) {
			p.exchange("TLI", "TLI000")
			p.exchange("TLR", "TLR021")
		},
		"taken and not kept": func(p *peer) {
			p.load()
			p.exchange("TLE", "TLE000")
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plug()
				p.sync()
				p.exchange("OPN", "OPN000")
				p.exchange("GIX", info("0000000000"))
				for range 3 {
					refuse(p)
					p.exchange("GIX", info("0000000000"))
				}
				p.exchange("CLX", "CLX000")
				require.Equal(t, device.Warning, till.waitDetail(pinpad.DetailTablesFailed).Light)
				p.play(t, till.beginRead(t.Context()))
			}, withTables(t))
		})
	}
}

func TestALoadThatLosesItsCableBeginsAnew(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plug()
		p.sync()
		p.exchange("OPN", "OPN000")
		p.exchange("GIX", info("0000000000"))
		p.exchange("TLI", "TLI020")
		p.take("TLR")
		p.cable.Close()
		till.waitLight(device.Absent)
		p = till.plug()
		p.sync()
		p.exchange("OPN", "OPN000")
		p.exchange("GIX", info("0000000000"))
		p.load()
		p.exchange("TLE", "TLE000")
		p.exchange("GIX", info("BALCAO0001"))
		p.exchange("CLX", "CLX000")
		till.waitLight(device.OK)
	}, withTables(t))
}

func TestTroubleWhileStartingIsMended(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plug()
		p.expect(can) // still busy with what a former process began: EOT takes two CAN
		p.sync()
		p.frame() // OPN with its ACK lost, and no answer
		p.sync()
		p.exchange("OPN", "OPN000")
		p.take("GIX")
		p.answer("OPN000", infoAnswer) // a stale answer first
		p.exchange("CLX", "CLX000")
		till.waitLight(device.OK)
		require.EqualValues(t, 1, till.Counters().Stale)
	})
}

func TestAPinpadThatCannotBeUsedSaysWhy(t *testing.T) {
	noKey := strings.Repeat("0", 100)
	for want, tc := range map[string]struct {
		open, info string
		light      device.Light
	}{
		pinpad.DetailTooOld + " by its word":   {"OPN000", info("SIMTAB0001", 0x8007, "1.06"), device.Error},
		pinpad.DetailTooOld + " by its answer": {"OPN000", "ERR010", device.Error},
		pinpad.DetailRefused + " to open":      {"OPN040", "", device.Error},
		pinpad.DetailRefused + " to tell":      {"OPN000", "GIX045", device.Error},
		pinpad.DetailLinkLost + " by nonsense": {"OPN000", "GIX000003abc", device.Error},
		pinpad.DetailNoKey + " of PINs":        {"OPN000", info("SIMTAB0001", 0x8035, noKey), device.Warning},
		pinpad.DetailNoKey + " of data":        {"OPN000", info("SIMTAB0001", 0x8036, "01"+noKey[2:]), device.Warning},
	} {
		t.Run(want, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plug()
				p.sync()
				p.exchange("OPN", tc.open)
				if tc.info != "" {
					p.exchange("GIX", tc.info)
				}
				if tc.light == device.Warning {
					p.exchange("CLX", "CLX000")
				}
				detail, _, _ := strings.Cut(want, " ")
				require.Equal(t, tc.light, till.waitDetail(detail).Light)
			})
		})
	}
}

func TestAnAnswerInTwoBlocksIsRead(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plug()
		p.sync()
		p.exchange("OPN", "OPN000")
		keys := strings.Repeat("1", 100)
		first := tlv(0x8001, "SIM0000001", 0x8003, "PPC-930;192MB", 0x8035, keys, 0x8036, keys)
		second := tlv(0x8007, "2.12", 0x9301, "SIMTAB0001")
		p.exchange("GIX", fmt.Sprintf("GIX000%03d%s%03d%s", len(first), first, len(second), second))
		p.exchange("CLX", "CLX000")
		require.Equal(t, "PPC-930", till.waitLight(device.OK).Model)
		synctest.Wait() // the log comes after the light
		require.Contains(t, till.log.String(), "tables=SIMTAB0001")
	})
}

func TestTablesAreReadFromAFile(t *testing.T) {
	tables := newTables(t)
	require.Len(t, tables.Records, 7)
	var file strings.Builder
	file.WriteString("# tables of the acquirer\r\n\r\nBALCAO0001\r\n")
	for _, record := range tables.Records {
		file.Write(record)
		file.WriteString("\r\n")
	}
	again, err := pinpad.ParseTables([]byte(file.String()))
	require.NoError(t, err)
	require.Equal(t, tables, again)

	row := string(tables.Records[0])
	for name, text := range map[string]string{
		"empty":             "",
		"no records":        "BALCAO0001\n",
		"version too short": "BALCAO\n" + row,
		"record cut":        "BALCAO0001\n" + row[:100],
		"record twice":      "BALCAO0001\n" + row + "\n" + row,
	} {
		_, err := pinpad.ParseTables([]byte(text))
		require.Error(t, err, name)
	}
}

func TestTablesThatCannotBeAreNotMade(t *testing.T) {
	for name, merchant := range map[string]pinpad.Merchant{
		"no acquirer":   {Category: "5411"},
		"number":        {Acquirer: 1, Number: strings.Repeat("1", 16)},
		"long category": {Acquirer: 1, Category: "54110"},
	} {
		_, err := pinpad.CommonTables("BALCAO0001", merchant)
		require.Error(t, err, name)
	}
	_, err := pinpad.CommonTables("SHORT", pinpad.Merchant{Acquirer: 1})
	require.Error(t, err)
	record := newTables(t).Records[4]
	require.Equal(t, 1, record.Acquirer())
	require.Contains(t, string(record), "05A000000651")
	require.Equal(t, "10105", record.Key())
}
