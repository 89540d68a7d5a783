import KinMetrics
import KinRelay
import KinWire

/// What the relay counts.
struct RelayMetrics: Sendable {
    let registrations: Counters
    let refusals: Counters
    let published: Counter
    /// What devices said on control sockets that is not taken.
    let controlRefusals: Counters
    /// Links and rooms of two, by kind.
    let spliced: Counters
    let linkRefusals: Counters
    /// Lists of a family that were not given.
    let answerRefusals: Counters
    /// Why links and rooms ended.
    let linkEnds: Counters
    let splicedBytes: Counters

    private static let kinds = ["link", "pair"]

    init(_ registry: MetricRegistry = MetricRegistry()) {
        registrations = registry.counters(
            "kin_relay_registered_total", "Devices that registered: new, or in place of an older connection.",
            by: "kind", ["new", "replaced"])
        refusals = registry.counters(
            "kin_relay_refusals_total", "Registrations refused, by code.", by: "code",
            ["slot_held", "too_many_machines", "relay_full"])
        published = registry.counter("kin_relay_published_total", "Sealed records shown.")
        controlRefusals = registry.counters(
            "kin_relay_control_refusals_total", "Messages of devices that were not taken, and ended their socket.",
            by: "code", ["invalid_message", "text_expected", "record_too_large", "relay_full"])
        spliced = registry.counters(
            "kin_relay_spliced_total", "Links and pairing rooms that got their second end.", by: "kind", Self.kinds)
        linkRefusals = registry.counters(
            "kin_relay_link_refusals_total", "Links and rooms that got none, by code.", by: "code",
            [LinkClose.deviceOffline, .tooManyLinks, .sessionGone, .roomTaken, .relayFull].map(\.reason)
                + ["rooms_full", "too_many_rooms"])
        answerRefusals = registry.counters(
            "kin_relay_answer_refusals_total", "Lists of a family that were not given, by code.", by: "code",
            ["relay_full"])
        linkEnds = registry.counters(
            "kin_relay_link_ends_total",
            "Ends of links and rooms, by why: what one side was told of the other, or both of their time.", by: "why",
            [LinkClose.peerClosed, .peerLost, .peerSlow, .deviceSilent, .roomExpired].map(\.reason)
                + ["application", "overrun"])
        splicedBytes = registry.counters(
            "kin_relay_spliced_bytes_total", "Bytes that went from one end to the other.", by: "kind", Self.kinds)
    }
}

extension RelayFigures {
    var families: [MetricFamily] {
        [
            .gauge("kin_relay_registrations", "Devices registered now.", registrations),
            .gauge("kin_relay_entries", "Sealed records shown now.", shownRecords),
            .gauge("kin_relay_links", "Links of two ends now.", links),
            .gauge("kin_relay_links_pending", "Links that wait for their device.", pendingLinks),
            .gauge("kin_relay_rooms", "Pairing rooms now: of two, or where one waits.", rooms + waitingRooms),
            .gauge(
                "kin_relay_bytes",
                "Memory that registrations take, and links and rooms may take, as the limit counts it.",
                bytes),
        ]
    }
}
