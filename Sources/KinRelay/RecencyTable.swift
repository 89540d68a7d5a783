/// A dictionary that knows which of its entries was set longest ago; every operation takes constant time.
///
/// A linked list threaded through an array, so that entries move without being searched for.
struct RecencyTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Node: Sendable {
        var key: Key
        var value: Value
        var older: Int?
        var newer: Int?
    }

    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var places: [Key: Int] = [:]
    private var oldestPlace: Int?
    private var newestPlace: Int?

    var count: Int { places.count }

    /// The entry set longest ago.
    var oldest: (key: Key, value: Value)? {
        oldestPlace.flatMap { nodes[$0] }.map { ($0.key, $0.value) }
    }

    /// Setting makes the entry the newest, whether it was there or not; nil removes it.
    subscript(key: Key) -> Value? {
        get { places[key].flatMap { nodes[$0]?.value } }
        set {
            if let place = places.removeValue(forKey: key) { remove(at: place) }
            if let newValue { append(Node(key: key, value: newValue, older: newestPlace)) }
        }
    }

    /// Changes an entry where it stands: it grows no younger by that.
    mutating func update(_ key: Key, _ change: (inout Value) -> Void) {
        guard let place = places[key], var node = nodes[place] else { return }
        change(&node.value)
        nodes[place] = node
    }

    mutating func removeOldest() {
        if let key = oldest?.key { self[key] = nil }
    }

    private mutating func append(_ node: Node) {
        let place = free.popLast() ?? nodes.endIndex
        if place == nodes.endIndex { nodes.append(node) } else { nodes[place] = node }
        if let newestPlace { nodes[newestPlace]?.newer = place }
        newestPlace = place
        oldestPlace = oldestPlace ?? place
        places[node.key] = place
    }

    private mutating func remove(at place: Int) {
        guard let node = nodes[place] else { return }
        nodes[place] = nil
        free.append(place)
        if let older = node.older { nodes[older]?.newer = node.newer } else { oldestPlace = node.newer }
        if let newer = node.newer { nodes[newer]?.older = node.older } else { newestPlace = node.older }
    }
}
