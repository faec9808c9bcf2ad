-- Kansas has 105 counties; any other number is a row that says how many there are.
SELECT count(*) AS counties FROM kfm_ref.county HAVING count(*) <> 105;
