public import KinWire

/// `[features]` of `config.toml`: what is asked of the broker beyond what every daemon asks for.
public struct FeatureSettings: Hashable, Sendable {
    /// `require`: without one of them the daemon ends.
    public private(set) var require: [Feature] = []
    /// `optional`: used where it is offered.
    public private(set) var optional: [Feature] = []

    /// By which line each is required.
    private var places: [Feature: KinError] = [:]

    static let keys = ["require", "optional"]

    public init() {}

    init(_ table: SettingsTable) throws {
        require = try Self.features("require", table)
        optional = try Self.features("optional", table)
        for feature in require {
            places[feature] = table.invalid(
                "require", item: feature.rawValue, "[features] requires \(feature.rawValue): take it out to do without")
        }
    }

    private static func features(_ key: String, _ table: SettingsTable) throws -> [Feature] {
        let known = Feature.allCases.map(\.rawValue)
        return try (table.strings(key, "a list of features in quotes") ?? []).map { name in
            guard let feature = Feature(rawValue: name) else {
                throw table.invalid(
                    key, item: name,
                    "\(name) is no feature; the nearest is \(SettingsTable.nearest(to: name, in: known))")
            }
            return feature
        }
    }

    /// What is set, wherever it stands in the file.
    public static func == (one: FeatureSettings, other: FeatureSettings) -> Bool {
        one.require == other.require && one.optional == other.optional
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(require)
        hasher.combine(optional)
    }

    /// What the broker must offer, each once.
    public var required: [Feature] { Self.joined(Feature.requiredByDaemon, require) }

    /// What is asked for besides; what is required too is required.
    public var asked: [Feature] { Self.joined(Feature.optionalForDaemon, optional).filter { !required.contains($0) } }

    private static func joined(_ one: [Feature], _ other: [Feature]) -> [Feature] {
        (one + other).reduce(into: []) { all, feature in
            if !all.contains(feature) { all.append(feature) }
        }
    }

    /// A broker's fault, with the line without which it would be none.
    public func explained(_ error: KinError) -> KinError {
        guard case .string(let name)? = error.detail["feature"], let feature = Feature(rawValue: name),
            !Feature.requiredByDaemon.contains(feature), let place = places[feature]
        else { return error }
        var explained = error
        explained.message += "; \(place.message)"
        return explained
    }
}
