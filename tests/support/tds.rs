//! As much of TDS as is needed to stand between a client and a server, or to be a very small server.
//!
//! A message is one or more packets, each with a header of eight bytes (type, status, length), and the last one has the
//! lowest bit of its status set ([MS-TDS] 2.2.3.1). Client and server take turns: a request, its answer.

use std::io;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// The bytes of a packet's header.
const HEADER: usize = 8;
/// Types of packets ([MS-TDS] 2.2.3.1.1).
const SQL_BATCH: u8 = 1;
const RPC: u8 = 3;
const RESPONSE: u8 = 4;
const LOGIN: u8 = 16;
const PRELOGIN: u8 = 18;
/// The bit of a packet's status that marks the last one of a message.
const END_OF_MESSAGE: u8 = 1;
/// Bits of the status of DONE ([MS-TDS] 2.2.7.6).
const DONE_ERROR: u16 = 2;
const DONE_COUNT: u16 = 16;

/// A whole message, as it comes over the wire.
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    /// The same without the headers of its packets.
    payload: Vec<u8>,
}

impl Message {
    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let (mut bytes, mut payload) = (Vec::new(), Vec::new());
        loop {
            let mut header = [0; HEADER];
            stream.read_exact(&mut header).await?;
            let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let rest =
                length.checked_sub(HEADER).ok_or_else(|| io::Error::other("a packet shorter than its header"))?;
            let start = payload.len();
            payload.resize(start + rest, 0);
            stream.read_exact(&mut payload[start..]).await?;
            bytes.extend_from_slice(&header);
            bytes.extend_from_slice(&payload[start..]);
            if header[1] & END_OF_MESSAGE != 0 {
                return Ok(Self { bytes, payload });
            }
        }
    }

    pub(crate) fn is_prelogin(&self) -> bool {
        self.bytes[0] == PRELOGIN
    }

    pub(crate) fn is_login(&self) -> bool {
        self.bytes[0] == LOGIN
    }

    pub(crate) fn is_statement(&self) -> bool {
        matches!(self.bytes[0], SQL_BATCH | RPC)
    }

    /// Whether this calls `sp_executesql` by its number ([MS-TDS] 2.2.6.6): the server keeps the plan of such a statement by its
    /// text and the declarations of its parameters.
    pub(crate) fn is_for_sp_executesql(&self) -> bool {
        /// Of `ALL_HEADERS`, with the transaction and nothing else.
        const HEADERS: usize = 22;
        const BY_NUMBER: [u8; 2] = [0xFF, 0xFF];
        const SP_EXECUTESQL: [u8; 2] = [10, 0];
        self.bytes[0] == RPC && self.payload[HEADERS..].starts_with(&[BY_NUMBER, SP_EXECUTESQL].concat())
    }

    /// Whether this is in its text, which is UTF-16 in little endian.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.payload.windows(text.len()).any(|window| window == text)
    }

    pub(crate) fn half(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() / 2]
    }

    /// The answer of a server that refuses this: an ERROR token and a DONE ([MS-TDS] 2.2.7.10).
    pub(crate) fn refused(&self, number: u32, class: u8) -> Vec<u8> {
        const ERROR: u8 = 0xAA;
        // The number, the state, the class.
        let mut error = number.to_le_bytes().to_vec();
        error.extend([1, class]);
        let message: Vec<u16> = format!("refused with error {number} on the way").encode_utf16().collect();
        error.extend(u16::try_from(message.len()).unwrap().to_le_bytes());
        error.extend(message.iter().flat_map(|unit| unit.to_le_bytes()));
        // No name of a server and none of a procedure; line 1.
        error.extend([0, 0]);
        error.extend(1_u32.to_le_bytes());

        let mut tokens = vec![ERROR];
        tokens.extend(u16::try_from(error.len()).unwrap().to_le_bytes());
        tokens.extend(error);
        tokens.extend(self.done(DONE_ERROR, 0));
        packet(&tokens)
    }

    /// The answer of a server that has done this, without rows: one was touched.
    pub(crate) fn obeyed(&self) -> Vec<u8> {
        packet(&self.done(DONE_COUNT, 1))
    }

    /// The answer of a server to this PRELOGIN: its version, that it does not encrypt, and that it takes a token if the client
    /// asks for that ([MS-TDS] 2.2.6.5). An option is its number, where its value stands and how long that is.
    pub(crate) fn greeted(&self) -> Vec<u8> {
        const END: u8 = 0xFF;
        const ENCRYPTION: u8 = 1;
        const NOT_SUPPORTED: u8 = 2;
        const TOKEN: u8 = 6;
        let asked = self.payload.chunks(5).map(|option| option[0]).take_while(|number| *number != END);
        let options: &[u8] = if asked.into_iter().any(|number| number == TOKEN) {
            &[0, 0, 16, 0, 6, ENCRYPTION, 0, 22, 0, 1, TOKEN, 0, 23, 0, 1, END, 16, 0, 0, 0, 0, 0, NOT_SUPPORTED, 1]
        } else {
            &[0, 0, 11, 0, 6, ENCRYPTION, 0, 17, 0, 1, END, 16, 0, 0, 0, 0, 0, NOT_SUPPORTED]
        };
        packet(options)
    }

    /// The answer of a server that lets somebody in: a LOGINACK ([MS-TDS] 2.2.7.14) and a DONE.
    pub(crate) fn let_in(&self) -> Vec<u8> {
        const LOGINACK: u8 = 0xAD;
        const TSQL: u8 = 1;
        const TDS_7_4: u32 = 0x7400_0004;
        let mut ack = vec![TSQL];
        ack.extend(TDS_7_4.to_be_bytes());
        // No name, version 16.
        ack.extend([0, 16, 0, 0, 0]);
        let mut tokens = vec![LOGINACK];
        tokens.extend(u16::try_from(ack.len()).unwrap().to_le_bytes());
        tokens.extend(ack);
        tokens.extend(self.done(0, 0));
        packet(&tokens)
    }

    fn done(&self, status: u16, rows: u64) -> Vec<u8> {
        const DONE: u8 = 0xFD;
        const DONE_PROC: u8 = 0xFE;
        let mut token = vec![if self.bytes[0] == RPC { DONE_PROC } else { DONE }];
        token.extend(status.to_le_bytes());
        // No command.
        token.extend([0, 0]);
        token.extend(rows.to_le_bytes());
        token
    }
}

fn packet(tokens: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + tokens.len()).unwrap().to_be_bytes();
    let mut packet = vec![RESPONSE, END_OF_MESSAGE, length[0], length[1], 0, 0, 1, 0];
    packet.extend(tokens);
    packet
}
