"""Frames come out as they went in, however the bytes are cut."""

import unittest

import websocket


class WebSocketTests(unittest.TestCase):
    def test_payloads_of_every_length_form_come_back(self):
        for length in (0, 1, 125, 126, 65_535, 65_536):
            for masked in (False, True):
                raw = websocket.encode(websocket.BINARY, bytes(length), masked)
                (frame,) = websocket.Reader().feed(raw)
                self.assertEqual((frame.opcode, frame.payload, frame.raw), (websocket.BINARY, bytes(length), raw))

    def test_bytes_may_come_one_by_one(self):
        raw = websocket.encode(websocket.BINARY, b"first", True) + websocket.encode(websocket.PING, b"second", False)
        reader = websocket.Reader()
        frames = [frame for number in range(len(raw)) for frame in reader.feed(raw[number : number + 1])]
        self.assertEqual([(frame.opcode, frame.payload) for frame in frames], [(2, b"first"), (9, b"second")])

    def test_a_mask_is_taken_off_and_kept_in_the_raw_bytes(self):
        # RFC 6455 section 5.7: a single-frame masked text message.
        raw = bytes.fromhex("818537fa213d7f9f4d5158")
        (frame,) = websocket.Reader().feed(raw)
        self.assertEqual((frame.payload, frame.raw), (b"Hello", raw))

    def test_a_close_code_is_read(self):
        (frame,) = websocket.Reader().feed(websocket.encode(websocket.CLOSE, b"\x0f\xa8slow_consumer", False))
        self.assertEqual(frame.close_code, 4008)

    def test_a_message_in_pieces_is_refused(self):
        with self.assertRaises(websocket.Broken):
            list(websocket.Reader().feed(b"\x02\x01x"))


if __name__ == "__main__":
    unittest.main()
