-- What somebody said of the bot, and what operators were told of them, is found by the person: it is exported,
-- erased and joined. Both are written rarely.
CREATE INDEX feedback_user ON feedback (user_id);
CREATE INDEX operator_messages_user ON operator_messages (user_id);
