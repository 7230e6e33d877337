"""The command line: what a user types, turned into calls. It alone exits, and it shows no traceback."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.errors import InputError, TestbedError
from connectors.texts import language, say
from testbed import commands, configured, run_command
from testbed.language import name_panels, take, translate, usage_sentence
from testbed.seeds import seeds_of

app = typer.Typer(
    name="testbed",
    help="An open industrial AI testbed for steel lines: run, score, hand over.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130
# typer carries click inside; older ones stand on the package. Either way this is the root of usage errors.
UsageFault: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the record, absent or empty.")]
Models = Annotated[str | None, typer.Option(help="Names or .onnx files, separated by commas.")]
Speed = Annotated[str, typer.Option(help="'real', 'max' or a factor; a ceiling.")]
Over = Annotated[str, typer.Option(help="memory, opcua, mqtt, or wire: each group by its own wiring.")]
Tags = Annotated[Path | None, typer.Option(help="Tag list: CSV name,unit,low,high,rate_hz,address,group.")]
Drop = Annotated[str | None, typer.Option(help="Columns to leave out, separated by commas.")]
Zone = Annotated[str, typer.Option(help="Zone of times that name none, such as Asia/Seoul.")]
Sheet = Annotated[str | None, typer.Option(help="Sheet of an Excel file.")]
Record = Annotated[str, typer.Option(help="full, events or none.")]
Assumptions = Annotated[Path | None, typer.Option(help="TOML file of what things cost, instead of the defaults.")]
Seeds = Annotated[str | None, typer.Option(help="Several seeds, A-B.")]
Root = Annotated[Path | None, typer.Option(help="Where the set lies; else under TESTBED_DATA.")]
Test = Annotated[Path | None, typer.Option(help="List of paths under --root that are scored.")]
Security = Annotated[str | None, typer.Option(help="OPC UA policy such as Basic256Sha256,Sign; 'none' goes without.")]
Mapping = Annotated[Path | None, typer.Option(help="TOML file that says where tags stand in a broker's JSON.")]
Insecure = Annotated[bool, typer.Option("--insecure", help="Go without security where others could listen.")]
TrainList = Annotated[Path | None, typer.Option("--train", help="List of paths under --root that are fitted on.")]


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    lang: Annotated[  # taken from the line before it comes here; it stands here for the help
        str | None, typer.Option(envvar="TESTBED_LANG", help="en or ko, anywhere on the line; else as the locale says.")
    ] = None,
    config: Annotated[  # likewise
        Path | None, typer.Option(help="TOML file of what commands would be told every time, anywhere on the line.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"steel-testbed {installed('steel-testbed')}")
        raise typer.Exit


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="No live page: the showcase alone, to its end.")] = False,
    seed: int = 1,
    speed: Annotated[str | None, typer.Option(help="'real', 'max' or a factor; a ceiling.")] = None,
    out: Out = None,
    json: Json = False,
    story: Annotated[str, typer.Option(help="The story the page begins with.")] = "showcase",
    over: Over = "wire",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the page; another one where it is taken.")] = 8700,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    kiosk: Annotated[bool, typer.Option("--kiosk", help="Play the stories one after another.")] = False,
    records: Annotated[
        list[Path] | None, typer.Option(help="A record to replay on the page, or a folder of records.")
    ] = None,
) -> int:
    """The main job on a live page: a steel line over real OPC UA and MQTT into ONNX models, scored at the end."""
    if headless or json:
        return run_command.demo(seed, speed or "max", out, json)
    from testbed.page import Ask

    return commands.page(
        Ask(story, seed, speed or "real", over, host, port, not no_browser, kiosk, out, tuple(records or ()))
    )


@app.command()
def run(
    scenario: Annotated[list[str] | None, typer.Argument(help="Names, scripts, or a record to repeat.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every shipped scenario but the slow ones.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Tell the shipped scenarios and their stories.")] = False,
    models: Models = None,
    over: Over = "memory",
    speed: Speed = "max",
    seed: int = 1,
    seeds: Seeds = None,
    record: Record = "full",
    out: Out = None,
    jobs: Annotated[int | None, typer.Option(help="Processes; 1, with --all one a core.")] = None,
    assumptions: Assumptions = None,
    json: Json = False,
) -> int:
    """Run scenarios and score them. Exit status 0: expectations met; 1: not met; 3: a part failed."""
    if listed:
        return commands.list_scenarios(json)
    processes = jobs or ((os.cpu_count() or 1) if every else 1)
    ask = run_command.Ask(_listed(models), over, speed, _seeds(seed, seeds), record, out, processes, json, assumptions)
    return run_command.run(scenario or [], every, ask)


@app.command()
def replay(
    data: Annotated[Path, typer.Argument(help="CSV, Parquet or Excel file.")],
    tags: Tags = None,
    truth: Annotated[
        str | None, typer.Option(help="Labels file, or a column that is not 0 where it was wrong.")
    ] = None,
    drop: Drop = None,
    sheet: Sheet = None,
    models: Models = "mspc,rules",
    fit: Annotated[str | None, typer.Option(help="Rows or a duration that fit and calibrate, not scored.")] = None,
    speed: Speed = "max",
    tz: Zone = "UTC",
    record: Record = "full",
    out: Out = None,
    json: Json = False,
) -> int:
    """Replay measured data: what would have been found, how early, with which false alarms."""
    from testbed.replaying import Data

    keep = "none" if json and out is None else record
    order = Data(data, tags, truth, _listed(drop) or (), sheet, _listed(models) or (), fit, speed, tz, keep, out)
    return commands.replay(order, json)


@app.command()
def serve(
    plant: Annotated[str, typer.Argument(help="A plant or a scenario, such as caster.")],
    seed: int = 1,
    speed: Speed = "real",
    opcua_port: Annotated[int, typer.Option(help="Port of the OPC UA server.")] = 4840,
    mqtt_port: Annotated[int | None, typer.Option(help="Port of the MQTT broker; 1883, with TLS 8883.")] = None,
    truth: Annotated[Path | None, typer.Option(help="File for what really happens, for `watch --truth`.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on, such as 0.0.0.0: certificates and users.")
    ] = "127.0.0.1",
    secure: Annotated[bool, typer.Option("--secure", help="Certificates and users on loopback, too.")] = False,
    mutual: Annotated[bool, typer.Option("--mutual", help="The broker asks for trusted certificates, too.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Let anybody in, from anywhere.")] = False,
    sparkplug: Annotated[bool, typer.Option("--sparkplug", help="Sparkplug B edge nodes on the broker, too.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.jsonl, and a record that 'run' repeats.")] = None,
) -> int:
    """The plant on OPC UA and MQTT, on loopback, until stopped."""
    from testbed.serve import Doors

    doors = Doors(host=host, opcua_port=opcua_port, mqtt_port=mqtt_port, insecure=insecure, secure=secure,
                  mutual=mutual, sparkplug=sparkplug, out=out)  # fmt: skip
    return commands.serve(plant, seed, speed, doors, truth)


@app.command()
def watch(
    urls: Annotated[
        list[str] | None, typer.Argument(help="Servers and brokers: opc.tcp://host:4840, mqtt://host:1883.")
    ] = None,
    tags: Tags = None,
    models: Models = "rules",
    duration: Annotated[str | None, typer.Option(help="Stop after so long, such as 30s or 8h; else Ctrl-C.")] = None,
    record: Record = "full",
    out: Out = None,
    records: Annotated[Path | None, typer.Option(help="Folder that takes each record as one of its own.")] = None,
    truth: Annotated[Path | None, typer.Option(help="What really happened: labels, or a plant's truth file.")] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the truth at once, not after its deadline.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for lines that are not there yet.")] = False,
    publishing_ms: Annotated[float | None, typer.Option(help="Publishing interval asked of a server.")] = None,
    lateness_s: Annotated[float | None, typer.Option(help="How late a sample may be; two intervals.")] = None,
    patience_s: Annotated[float | None, typer.Option(help="Silence after which a line is stale.")] = None,
    mapping: Mapping = None,
    publish: Annotated[str | None, typer.Option(help="Broker that gets results and events: mqtt://host:1883.")] = None,
    spool: Annotated[Path | None, typer.Option(help="File that keeps them until the broker has them.")] = None,
    spool_messages: Annotated[int | None, typer.Option(help="How many it may hold; a million.")] = None,
    spool_mb: Annotated[float | None, typer.Option(help="How large it may grow; about 1000.")] = None,
    overflow: Annotated[str | None, typer.Option(help="What gives way when it is full: oldest or newest.")] = None,
    mqtt_version: Annotated[int | None, typer.Option(help="3 (3.1.1) or 5, where an address does not say.")] = None,
    metrics: Annotated[int | None, typer.Option(help="Port on loopback at which Prometheus may ask.")] = None,
    secrets: Annotated[Path | None, typer.Option(help="TOML file of mode 600 with users and passwords.")] = None,
    security: Security = None,
    insecure: Insecure = False,
    json: Json = False,
) -> int:
    """Watch a live line with the edge runtime: its own servers and brokers, a tag list, models. Ctrl-C ends it."""
    from testbed.watch_command import Ask, watch

    order = {
        "urls": urls, "tags": tags, "models": _listed(models), "duration": duration, "record": record, "out": out,
        "records": records, "wait": wait, "publishing_ms": publishing_ms, "lateness_s": lateness_s,
        "patience_s": patience_s, "security": security, "insecure": insecure or None, "publish": publish,
        "spool": spool, "spool_messages": spool_messages, "spool_mb": spool_mb, "overflow": overflow,
        "mqtt_version": mqtt_version, "mapping": mapping, "metrics": metrics,
    }  # fmt: skip
    return watch(Ask(order, secrets, truth, reveal, json))


@app.command()
def browse(
    url: Annotated[str, typer.Argument(help="A server or broker: opc.tcp://host:4840, mqtt://host:1883.")],
    out: Annotated[Path | None, typer.Option(help="The tag list to write; else it goes to stdout.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long to look: a broker 5, a server 3, or 0.")] = None,
    mapping: Mapping = None,
    secrets: Annotated[Path | None, typer.Option(help="TOML file of mode 600 with users and passwords.")] = None,
    security: Security = None,
    insecure: Insecure = False,
    json: Json = False,
) -> int:
    """What a server or broker offers, as a tag list: paths, addresses, units, ranges, rates."""
    from testbed.browsing import Ask

    return commands.browse(Ask(url, out, seconds, secrets, security, insecure, json, mapping))


@app.command()
def certs(
    action: Annotated[str, typer.Argument(help="init, trust, list or renew.")] = "list",
    files: Annotated[list[str] | None, typer.Argument(help="Certificates to trust: files, or fingerprints.")] = None,
    host: Annotated[list[str] | None, typer.Option(help="A further name or address of this machine.")] = None,
    days: Annotated[int | None, typer.Option(help="How long it is to be valid; two years.")] = None,
    json: Json = False,
) -> int:
    """Our certificate, the ones we trust, and the ones that were refused."""
    from testbed.trust import certs as work

    return work(action, files or [], host or [], days, json)


@app.command()
def users(
    action: Annotated[str, typer.Argument(help="add, list or remove.")] = "list",
    name: Annotated[str | None, typer.Argument(help="The user.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Comes in by this certificate, not a password.")] = None,
    role: Annotated[str | None, typer.Option(help="At the live page: viewer, operator or engineer.")] = None,
    json: Json = False,
) -> int:
    """Who may come in at a served plant or at the live page from beyond this machine."""
    from testbed.trust import users as work

    return work(action, name, certificate, json, role)


@app.command()
def check(
    paths: Annotated[
        list[str], typer.Argument(help="Tag lists, data, labels, scripts, models; opc.tcp://host:4840, mqtt://host.")
    ],
    tags: Tags = None,
    sheet: Sheet = None,
    tz: Zone = "UTC",
    seconds: Annotated[float, typer.Option(help="How long a server or broker is looked at.")] = 5.0,
    mapping: Mapping = None,
    secrets: Annotated[Path | None, typer.Option(help="TOML file of mode 600 with users and passwords.")] = None,
    security: Security = None,
    insecure: Insecure = False,
    json: Json = False,
) -> int:
    """Every fault of files, servers and brokers at once, with line and nearest name. Exit status 2 if there is any."""
    how = commands.Looking(seconds, mapping, secrets, security or "", insecure)
    return commands.check(paths, None if tags is None else str(tags), sheet, tz, json, how)


@app.command()
def models(
    action: Annotated[
        str, typer.Argument(help="list, show NAME, add FILE, compare A B, threshold NAME, recentre NAME.")
    ] = "list",
    names: Annotated[list[str] | None, typer.Argument(help="Names, or .onnx files.")] = None,
    card: Annotated[Path | None, typer.Option(help="With add: JSON of what the file does not say itself.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="With add: one answer, KEY=VALUE, such as channels=A,B.")
    ] = None,
    value: Annotated[float | None, typer.Option(help="With threshold: set it to this, in the model's measure.")] = None,
    reason: Annotated[str, typer.Option(help="With threshold: why; its card remembers.")] = "",
    html: Annotated[Path | None, typer.Option(help="With show: write the model's page to this file.")] = None,
    scenario: Annotated[str | None, typer.Option(help="With compare: run both on this scenario.")] = None,
    seed: int = 1,
    seeds: Seeds = None,
    data: Annotated[
        str | None, typer.Option(help="With compare, show --html: score on this set. With recentre: a file, or a run.")
    ] = None,
    root: Root = None,
    test: Test = None,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    out: Annotated[Path | None, typer.Option(help="With recentre: the .onnx file to write.")] = None,
    confirmed_by: Annotated[str, typer.Option(help="With recentre: who confirms that it was normal.")] = "",
    since: Annotated[str | None, typer.Option("--from", help="With recentre: the data from this time on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="With recentre: the data up to this time.")] = None,
    tags: Tags = None,
    tz: Zone = "UTC",
    most: Annotated[
        float | None, typer.Option(help="With recentre: standard deviations a tag may move, 3 by itself.")
    ] = None,
    recalibrate: Annotated[bool, typer.Option(help="With recentre: the threshold, too.")] = False,
    force: Annotated[
        bool, typer.Option(help="With recentre: in spite of alarms and --most; its card says so.")
    ] = False,
    json: Json = False,
) -> int:
    """The models at hand, what they say of themselves, and two beside each other."""
    from testbed.model_commands import Ask

    several = _seeds(seed, seeds)
    stretch = None
    if action == "recentre" and data is not None:
        from testbed.recentring import Stretch

        stretch = Stretch(data=Path(data), by=confirmed_by, since=since, until=until, tags=tags, zone=tz)
    ask = Ask(
        action, names or (), html, scenario, several, data, root, test, jobs, json, card, settings or (), value, reason,
        stretch, out, most, recalibrate, force,
    )  # fmt: skip
    return commands.models(ask)


@app.command()
def train(
    kind: Annotated[
        str,
        typer.Argument(help="mspc, convae, spectrum, bearing …; classify, detect, surface-learned, -patch or -padim."),
    ],
    data: Annotated[str, typer.Option(help="scenario:NAME, a file of normal data, a set or folder of pictures.")],
    out: Annotated[Path, typer.Option(help="The .onnx file to write.")],
    seeds: Annotated[str | None, typer.Option(help="Seeds of a scenario, A-B, from 10000 up.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="False alarms allowed, such as 1/24h; of pictures, such as 1/1000.")
    ] = None,
    tags: Tags = None,
    drop: Drop = None,
    root: Annotated[Path | None, typer.Option(help="Where a set of pictures lies.")] = None,
    train: Annotated[list[Path] | None, typer.Option(help="List of pictures to fit on, paths relative to it.")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Of detect (48), surface-learned (24), convae (60 at most): times all is seen.")
    ] = None,
    tz: Zone = "UTC",
    since: Annotated[str | None, typer.Option("--from", help="Take a file from this time on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Take a file up to this time.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the model's page to this file, too.")] = None,
    json: Json = False,
) -> int:
    """Fit a model, calibrate it to a false-alarm budget on other data, and write it as one file."""
    wanted = None if seeds is None else seeds_of(seeds)
    return commands.train(
        kind, data, out, wanted, budget, tags, _listed(drop) or [], tz, json, since, until, root, train or (), html,
        epochs,
    )  # fmt: skip


@app.command()
def data(
    scenario: Annotated[str, typer.Argument(help="A name, or a script.")],
    out: Annotated[Path, typer.Option(help="Folder for the data, absent or empty.")],
    seeds: Annotated[str, typer.Option(help="Seeds, A-B; those below 1000 are for scoring.")] = "10000-10009",
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    json: Json = False,
) -> int:
    """A scenario's signals as Parquet, its frames as pictures, its truth and a card, for training elsewhere."""
    return commands.data(scenario, out, seeds_of(seeds), jobs, json)


@app.command()
def bench(
    models: Models = None,
    scenarios: Annotated[str | None, typer.Option(help="Names, patterns such as 'caster-*', or scripts.")] = None,
    seed: int = 1,
    seeds: Seeds = None,
    data: Annotated[
        str | None, typer.Option(help="skab, tep, nab, batadal, cwru, neu-det, x-sdd, mt-defects, a folder, mine.toml.")
    ] = None,
    root: Root = None,
    train: TrainList = None,
    test: Test = None,
    over: Annotated[str, typer.Option(help="memory or mqtt; scenarios also opcua and wire.")] = "memory",
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    ray: Annotated[
        str | None, typer.Option(help="Address of a Ray cluster that does the work; local starts one here.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for a page of tables and plots.")] = None,
    json: Json = False,
) -> int:
    """Models side by side under one rule, with rivals that need no model: on scenarios, or on a set of data."""
    from testbed.benching.command import Ask

    chosen = _listed(scenarios) or ()
    ask = Ask(_listed(models), chosen, _seeds(seed, seeds), data, root, train, test, over, jobs, out, json, ray)
    return commands.bench(ask)


@app.command()
def doctor(json: Json = False) -> int:
    """What this machine has and lacks, and the command that mends it. Exit status 1 if anything needed is missing."""
    from testbed.doctor import doctor

    return doctor(json)


@app.command()
def score(folder: Annotated[Path, typer.Argument(help="A record.")], json: Json = False) -> int:
    """Score a record again, finished or not."""
    return commands.score(folder, json)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A record.")],
    out: Annotated[Path | None, typer.Option(help="The HTML file to write.")] = None,
    assumptions: Assumptions = None,
) -> int:
    """Write the report of a record again, in the language of --lang."""
    return commands.report(folder, out, assumptions)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A record.")],
    form: Annotated[str, typer.Option("--format", help="csv, parquet, mcap (Foxglove) or rrd (Rerun).")] = "parquet",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; of csv and parquet a .zip, or an empty folder.")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="Leave out what came before this time.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Leave out what came from this time on.")] = None,
    tz: Zone = "UTC",
    json: Json = False,
) -> int:
    """A record for other tools: every tag's samples, events with their verdict, truth, and what cameras saw."""
    return commands.export(folder, form, out, since, until, tz, json)


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _seeds(seed: int, seeds: str | None) -> list[int]:
    return [seed] if seeds is None else seeds_of(seeds)


def run_cli(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status."""
    try:
        _stop_by_term()
        line = sys.argv[1:] if arguments is None else arguments
        take(line)  # so that faults of the configuration are told in it, too
        given, defaults = configured.take(line, os.environ)
        return _command(take(given), defaults)
    except typer.Exit as left:
        return left.exit_code
    except typer.Abort:
        return INTERRUPTED
    except UsageFault as error:
        _tell(usage_sentence(error) + " " + say("'testbed --help' lists what there is."))
        return InputError.exit_status
    except TestbedError as error:
        _tell(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:  # the last wall before a user: what broke, in one sentence
        if os.environ.get("TESTBED_DEBUG"):
            raise
        _tell(
            say("testbed itself failed: {error}. TESTBED_DEBUG=1 shows where; please report it.",
                error=f"{type(error).__name__}: {error}")
        )  # fmt: skip
        return 3


def _stop_by_term() -> None:
    """SIGTERM ends a command as Ctrl-C does: its record is closed, its broker ended."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, frame: _interrupt())


def _interrupt() -> None:
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell starts a command in the background
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _command(arguments: list[str], defaults: dict[str, Any]) -> int:
    command = typer.main.get_command(app)
    if language() != "en":
        translate(command)
    if not arguments or "--help" in arguments:
        name_panels()
    return command.main(arguments, "testbed", standalone_mode=False, default_map=defaults) or 0


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)
