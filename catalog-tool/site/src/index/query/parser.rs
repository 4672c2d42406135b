//! Reading a query.

use super::{
    Bound, Clause, Fault, Limits, Node, Occur, Operator, Part, Pattern, Query, QueryError,
    cursor::{Cursor, error_at, is_blank, is_reserved},
};

/// Reads a query in full.
///
/// # Errors
/// The first thing that is wrong with it. What is read is bounded by `limits`, before anything is made of it.
pub fn parse(text: &str, default: Operator, limits: &Limits) -> Result<Query, QueryError> {
    let mut parser = Parser::new(text, default, limits)?;
    if text.trim_start().starts_with("{!") {
        return Err(error_at(Fault::LocalParameters, 0));
    }
    let clauses = parser.clauses(None, 0)?;
    if let Some(c) = parser.text.peek() {
        return Err(parser.text.error(Fault::Unopened(c)));
    }
    Ok(Query {
        clauses,
        explicit: parser.explicit,
    })
}

/// Reads what somebody typed who may know nothing of the language: where [`parse`] finds fault, every mark of the language is taken for a blank. The default is [`Operator::Or`].
///
/// # Errors
/// Only for what is larger than the limits.
pub fn parse_words(text: &str, limits: &Limits) -> Result<Query, QueryError> {
    match parse(text, Operator::Or, limits) {
        Err(error) if !error.is_of_size() => {}
        read => return read,
    }
    let plain: String = text
        .chars()
        .map(|c| {
            if "+-!(){}[]^\"~*?:\\".contains(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words = plain.split(is_blank).filter(|word| !word.is_empty());
    let clauses = words.map(|word| {
        let pattern = Pattern(vec![Part::Text(word.to_owned())]);
        (
            Occur::Should,
            Clause::Word {
                field: None,
                pattern,
            }
            .into(),
        )
    });
    let clauses: Vec<_> = clauses.collect();
    if clauses.len() > limits.clauses {
        return Err(error_at(Fault::TooManyClauses(limits.clauses), 0));
    }
    Ok(Query {
        clauses,
        explicit: false,
    })
}

impl QueryError {
    fn is_of_size(&self) -> bool {
        matches!(
            self.fault,
            Fault::TooLong(_) | Fault::TooManyClauses(_) | Fault::TooDeep(_)
        )
    }
}

impl From<Clause> for Node {
    fn from(clause: Clause) -> Self {
        Self { clause, boost: 1.0 }
    }
}

struct Parser<'a> {
    text: Cursor,
    default: Operator,
    limits: &'a Limits,
    clauses: usize,
    explicit: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Conjunction {
    None,
    And,
    Or,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Modifier {
    None,
    Required,
    Excluded,
}

impl<'a> Parser<'a> {
    fn new(text: &str, default: Operator, limits: &'a Limits) -> Result<Self, QueryError> {
        if text.len() > limits.bytes {
            return Err(error_at(Fault::TooLong(limits.bytes), 0));
        }
        Ok(Self {
            text: Cursor::new(text),
            default,
            limits,
            clauses: 0,
            explicit: false,
        })
    }

    /// Clauses up to the end of the text or of the group.
    fn clauses(
        &mut self,
        field: Option<&str>,
        depth: usize,
    ) -> Result<Vec<(Occur, Node)>, QueryError> {
        let mut clauses: Vec<(Occur, Node)> = Vec::new();
        loop {
            self.text.skip_blanks();
            if matches!(self.text.peek(), None | Some(')')) {
                return Ok(clauses);
            }
            let operator = self.text.at();
            let conjunction = self.conjunction();
            if conjunction != Conjunction::None && clauses.is_empty() {
                return Err(error_at(Fault::NoOperand, operator));
            }
            let modifier = self.modifier();
            self.text.skip_blanks();
            if matches!(self.text.peek(), None | Some(')')) {
                return Err(error_at(Fault::NoOperand, operator));
            }
            let node = self.clause(field, depth)?;
            self.add(&mut clauses, conjunction, modifier, node);
        }
    }

    /// How Lucene puts together what was read, without precedence.
    fn add(
        &mut self,
        clauses: &mut Vec<(Occur, Node)>,
        conjunction: Conjunction,
        modifier: Modifier,
        node: Node,
    ) {
        self.explicit |= conjunction != Conjunction::None || modifier != Modifier::None;
        if let Some((before, _)) = clauses.last_mut()
            && *before != Occur::MustNot
        {
            match (conjunction, self.default) {
                (Conjunction::And, _) => *before = Occur::Must,
                (Conjunction::Or, Operator::And) => *before = Occur::Should,
                _ => {}
            }
        }
        let is_required = match self.default {
            Operator::And => conjunction != Conjunction::Or,
            Operator::Or => modifier == Modifier::Required || conjunction == Conjunction::And,
        };
        let occur = match modifier {
            Modifier::Excluded => Occur::MustNot,
            _ if is_required => Occur::Must,
            _ => Occur::Should,
        };
        clauses.push((occur, node));
    }

    fn conjunction(&mut self) -> Conjunction {
        let found = if self.text.take_keyword("AND") || self.text.take_keyword("&&") {
            Conjunction::And
        } else if self.text.take_keyword("OR") || self.text.take_keyword("||") {
            Conjunction::Or
        } else {
            return Conjunction::None;
        };
        self.text.skip_blanks();
        found
    }

    fn modifier(&mut self) -> Modifier {
        if self.text.take('+') {
            Modifier::Required
        } else if self.text.take('-') || self.text.take('!') || self.text.take_keyword("NOT") {
            Modifier::Excluded
        } else {
            Modifier::None
        }
    }

    fn clause(&mut self, field: Option<&str>, depth: usize) -> Result<Node, QueryError> {
        let own = self.field()?;
        let begin = self.text.at();
        let field = match &own {
            Some(own) => own.as_deref(),
            None => field,
        };
        // `*:*`, and `*:x`, which looks where nothing is said.
        let everywhere = own == Some(None);
        let clause = match self.text.peek() {
            None | Some(')') => return Err(self.text.error(Fault::NoValue)),
            Some('(') => self.group(field, depth)?,
            Some('"') => {
                self.count(begin)?;
                let text = self.text.quoted()?;
                self.refuse_similar()?;
                Clause::Phrase {
                    field: field.map(str::to_owned),
                    text,
                }
            }
            Some('[' | '{') => {
                self.count(begin)?;
                self.range(field)?
            }
            Some(_) => {
                self.count(begin)?;
                let word = self.text.word()?;
                if word.is_operator() {
                    return Err(error_at(Fault::NoOperand, word.begin));
                }
                self.refuse_similar()?;
                let unnamed = everywhere || field.is_none();
                if unnamed && word.pattern.is_anything() {
                    Clause::All
                } else {
                    Clause::Word {
                        field: field.map(str::to_owned),
                        pattern: word.pattern,
                    }
                }
            }
        };
        let boost = self.boost()?;
        Ok(Node { clause, boost })
    }

    fn count(&mut self, begin: usize) -> Result<(), QueryError> {
        self.clauses += 1;
        if self.clauses > self.limits.clauses {
            return Err(error_at(Fault::TooManyClauses(self.limits.clauses), begin));
        }
        Ok(())
    }

    /// The field that stands here with its colon: its name, or none for `*`. Without one nothing is read.
    #[expect(clippy::option_option, reason = "no field, any field, this field")]
    fn field(&mut self) -> Result<Option<Option<String>>, QueryError> {
        let begin = self.text.at();
        match self.text.peek() {
            Some(':') => return Err(self.text.error(Fault::NoField)),
            Some(c) if is_reserved(c) => return Ok(None),
            _ => {}
        }
        let word = self.text.word()?;
        self.text.skip_blanks();
        if self.text.peek() != Some(':') {
            self.text.return_to(begin);
            return Ok(None);
        }
        let name = match word.pattern.literal() {
            Some(name) => Some(name.to_owned()),
            None if word.pattern.is_anything() => None,
            None => return Err(error_at(Fault::NoField, begin)),
        };
        self.text.step();
        self.text.skip_blanks();
        if matches!(self.text.peek(), None | Some(')')) {
            return Err(error_at(Fault::NoValue, begin));
        }
        Ok(Some(name))
    }

    fn group(&mut self, field: Option<&str>, depth: usize) -> Result<Clause, QueryError> {
        let begin = self.text.at();
        if depth >= self.limits.depth {
            return Err(self.text.error(Fault::TooDeep(self.limits.depth)));
        }
        self.text.step();
        let clauses = self.clauses(field, depth + 1)?;
        if !self.text.take(')') {
            return Err(error_at(Fault::OpenGroup, begin));
        }
        if clauses.is_empty() {
            return Err(error_at(Fault::EmptyGroup, begin));
        }
        Ok(Clause::Group(clauses))
    }

    fn range(&mut self, field: Option<&str>) -> Result<Clause, QueryError> {
        let begin = self.text.at();
        let wrong = error_at(Fault::Range, begin);
        let from_inclusive = self.text.peek() == Some('[');
        self.text.step();
        let from = self.text.bound()?.ok_or_else(|| wrong.clone())?;
        self.text.skip_blanks();
        if !self.text.take_keyword("TO") {
            return Err(wrong);
        }
        let to = self.text.bound()?.ok_or_else(|| wrong.clone())?;
        self.text.skip_blanks();
        let to_inclusive = match self.text.peek() {
            Some(']') => true,
            Some('}') => false,
            _ => return Err(wrong),
        };
        self.text.step();
        let bound = |value: Option<String>, inclusive| match value {
            None => Bound::Open,
            Some(value) if inclusive => Bound::Inclusive(value),
            Some(value) => Bound::Exclusive(value),
        };
        Ok(Clause::Range {
            field: field.map(str::to_owned),
            from: bound(from, from_inclusive),
            to: bound(to, to_inclusive),
        })
    }

    fn refuse_similar(&self) -> Result<(), QueryError> {
        match self.text.peek() {
            Some('~') => Err(self.text.error(Fault::Similar)),
            _ => Ok(()),
        }
    }

    fn boost(&mut self) -> Result<f32, QueryError> {
        let begin = self.text.at();
        if !self.text.take('^') {
            return Ok(1.0);
        }
        let digits = self.text.at();
        while self
            .text
            .peek()
            .is_some_and(|c| c.is_ascii_digit() || c == '.')
        {
            self.text.step();
        }
        let boost = self.text.since(digits).parse::<f32>().ok();
        boost
            .filter(|boost| boost.is_finite())
            .ok_or_else(|| error_at(Fault::Boost, begin))
    }
}
